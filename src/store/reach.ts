import type { Queryable } from './pool.ts';
import type { Tenant } from './tenant.ts';

/** The reason of a connection that is connected, but whose CRM does not answer. */
export const UNREACHABLE = 'unreachable';

/**
 * Notes that a connection's CRM does not answer, or with null that it does again. `since` stays for as long as it
 * lasts. One that needs a person, or is on its way out, keeps the reason that it has.
 */
export async function noteReach(
  db: Queryable,
  { id: tenantId }: Pick<Tenant, 'id'>,
  id: string,
  silent: { message: string; action: string } | null,
): Promise<void> {
  await db.query(
    `update app.connection set reason = $3::jsonb
     where tenant_id = $1 and id = $2 and state = 'connected'
       and ($3::jsonb is null) = (coalesce(reason ->> 'code', '') = $4)`,
    [
      tenantId,
      id,
      silent && JSON.stringify({ code: UNREACHABLE, ...silent, since: new Date().toISOString() }),
      UNREACHABLE,
    ],
  );
}
