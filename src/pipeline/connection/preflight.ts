import type { CheckItem, Connector, OAuthSecret } from '../../../connectors/contract.ts';
import { listMappings } from '../../store/mappings.ts';
import type { Pool } from '../../store/pool.ts';
import type { Tenant } from '../../store/tenant.ts';
import type { OpenConnection } from '../stage.ts';

/** What the account's admin did not allow of what the app asks for, and what that means. */
export function checkScopes(
  connector: Pick<Connector, 'name' | 'authorize'>,
  secret: OAuthSecret | undefined,
): CheckItem[] {
  const asked = connector.authorize?.scopes;
  if (!asked || !secret?.scopes) return [];
  const granted = new Set(secret.scopes);
  const missing = (scopes: readonly string[]) => scopes.filter((scope) => !granted.has(scope));
  const required = missing(asked.required);
  const optional = missing(asked.optional);
  const item = (ok: boolean, level: CheckItem['level'], message: string, action: string): CheckItem => ({
    code: 'scopes',
    ok,
    level,
    message,
    action,
  });
  if (required.length > 0) {
    return [
      item(
        false,
        'error',
        `${connector.name} did not grant ${required.join(', ')}.`,
        `Reconnect ${connector.name} as an admin who has these rights, and allow all that is asked for.`,
      ),
    ];
  }
  if (optional.length > 0) {
    return [
      item(
        false,
        'warning',
        `${connector.name} did not grant ${optional.join(', ')}; everything else works.`,
        `Reconnect ${connector.name} and allow them where you want what they are for.`,
      ),
    ];
  }
  return [item(true, 'error', `${connector.name} grants all that the app asks for.`, '')];
}

/** The connector's own preflight, with what is mapped today; the right to make tasks only where plays may make some. */
export async function preflight(
  pool: Pool,
  tenant: Tenant,
  { id, connector, context }: Pick<OpenConnection, 'id' | 'connector' | 'context'>,
): Promise<CheckItem[]> {
  const mappings = await listMappings(pool, tenant, { connectionId: id });
  return connector.check(context, {
    properties: mappings.map(({ object, property }) => ({ object, name: property })),
    write: true,
    tasks: tenant.policy.tasksPerOwnerAndWeek > 0,
  });
}
