import type { Queryable } from './pool.ts';
import { type Pool, transaction } from './pool.ts';
import type { Tenant } from './tenant.ts';
import { saveValueNames } from './value-names.ts';

/** Names are read with each statement on attributes: of larger companies the first ones have to do. */
const MOST_NAMED = 1_000;
const OWNED = ['person', 'company', 'deal'] as const;

export type Owner = { id: string; email: string; name: string };

/** Replaces the owners of a connection by what the CRM has now. Safe to do twice at once. */
export async function saveOwners(
  pool: Pool,
  tenant: Tenant,
  connectionId: string,
  owners: readonly Owner[],
): Promise<void> {
  const { schema } = tenant;
  const rows = owners.map(({ id, email, name }) => ({ id, email: email.trim().toLowerCase(), name }));
  await transaction(pool, async (client) => {
    // One would delete whom another adds, and wait for who is added meanwhile by the one that waits for it.
    await client.query(`lock table ${schema}.owner in share row exclusive mode`);
    await client.query(
      `delete from ${schema}.owner where connection_id = $1
         and id <> all (select o.id from jsonb_to_recordset($2::jsonb) as o (id text))`,
      [connectionId, JSON.stringify(rows)],
    );
    await client.query(
      `insert into ${schema}.owner (connection_id, id, email, name)
       select distinct on (id) $1, id, email, name
       from jsonb_to_recordset($2::jsonb) as o (id text, email text, name text) order by id
       on conflict (connection_id, id) do update set email = excluded.email, name = excluded.name`,
      [connectionId, JSON.stringify(rows)],
    );
    // Records hold ids; people know their colleagues by name.
    const valueNames = Object.fromEntries(
      rows.slice(0, MOST_NAMED).map(({ id, email, name }) => [id, name.trim() || email]),
    );
    if (rows.length > 0)
      await saveValueNames(
        client,
        tenant,
        connectionId,
        OWNED.map((owner) => ({ owner, key: 'owner', valueNames })),
      );
  });
}

/** The ids that somebody has as an owner, in all CRMs of the tenant. */
export async function ownerIds(db: Queryable, { schema }: Tenant, email: string): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select distinct id from ${schema}.owner where email = $1`,
    [email.trim().toLowerCase()],
  );
  return rows.map(({ id }) => id);
}

/** Members who own records, want the digest, and have not been sent that of this week (its Monday, YYYY-MM-DD). */
export async function membersToTell(
  db: Queryable,
  tenant: Tenant,
  week: string,
): Promise<{ accountId: string; email: string }[]> {
  const { rows } = await db.query<{ accountId: string; email: string }>(
    `select a.id as "accountId", a.email from app.member m join app.account a on a.id = m.account_id
     where m.tenant_id = $1 and m.digest and m.digest_week is distinct from $2::date
       and exists (select from ${tenant.schema}.owner o where o.email = a.email)
     order by a.email`,
    [tenant.id, week],
  );
  return rows;
}

/** False where it was noted before: somebody else sends it. */
export async function claimDigest(
  db: Queryable,
  tenant: Pick<Tenant, 'id'>,
  accountId: string,
  week: string,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update app.member set digest_week = $3::date
     where tenant_id = $1 and account_id = $2 and digest and digest_week is distinct from $3::date`,
    [tenant.id, accountId, week],
  );
  return rowCount > 0;
}
