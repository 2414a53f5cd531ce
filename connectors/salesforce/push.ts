import { InputError } from '../../src/errors.ts';
import type { Context, Outcome, PushAnswer, PushRequest, Write } from '../contract.ts';
import { pushBulk } from './bulk-ingest.ts';
import { changeMembers } from './campaign-members.ts';
import type { SalesforceConfig } from './config.ts';
import { planRows } from './push-rows.ts';
import { updateRows } from './update-rows.ts';

export const BATCH = { properties: 200, membership: 200, bulk: 5_000 } as const;

export type MembershipWrite = Extract<Write, { kind: 'membership' }>;

/** Writes one batch, or as one bulk job what is more than that; every row gets an outcome, matched by id. */
export async function pushSalesforce(
  context: Context<SalesforceConfig>,
  request: PushRequest,
): Promise<PushAnswer> {
  const properties = request.writes.filter((write) => write.kind === 'properties');
  const memberships = request.writes.filter((write) => write.kind === 'membership');
  if (request.job !== null || properties.length > BATCH.bulk) return pushBulk(context, request, properties);
  if (properties.length > BATCH.properties) throw oversized(properties.length);
  const outcomes: Outcome[] = [];
  if (properties.length > 0) {
    const { rows, gone } = await planRows(context, properties, request.remotes);
    outcomes.push(...gone, ...(await updateRows(context, rows)));
  }
  for (const writes of Map.groupBy(memberships, ({ targetId }) => targetId).values()) {
    outcomes.push(...(await changeMembers(context, writes, request.remotes)));
  }
  return { state: 'done', outcomes };
}

const oversized = (count: number) =>
  new InputError(
    'oversized_batch',
    `A batch of ${count} rows was not sent: Salesforce takes ${BATCH.properties}.`,
    {
      action: 'Report it; nothing was written.',
    },
  );
