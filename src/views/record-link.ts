import { connectors } from '../../connectors/registry.ts';
import type { ObjectType } from '../model/record.ts';
import type { ConnectionRow } from '../store/connections.ts';

/** Where people open a record in the CRM; null where the system has no such page, or we do not know its address. */
export function recordLink(
  connection: Pick<ConnectionRow, 'system' | 'accountId' | 'config'>,
  record: { object: ObjectType; id: string; kind: string },
): string | null {
  const { webUrl } = connection.config;
  return (
    connectors[connection.system]?.recordUrl?.(
      { id: connection.accountId, webUrl: typeof webUrl === 'string' ? webUrl : null },
      record,
    ) ?? null
  );
}
