import type { Queryable } from './pool.ts';

export type KeptAnswer = { requestHash: Buffer; status: number | null; body: unknown };

/** Takes a key for a request. Null where it is ours now; else what is kept under it. Keys are kept for a day. */
export async function takeKey(
  db: Queryable,
  given: { tenantId: string; key: string; requestHash: Buffer },
): Promise<KeptAnswer | null> {
  await db.query(
    `delete from app.idempotency where tenant_id = $1 and created_at < now() - interval '1 day'`,
    [given.tenantId],
  );
  const { rowCount } = await db.query(
    `insert into app.idempotency (tenant_id, key, request_hash) values ($1, $2, $3)
     on conflict (tenant_id, key) do nothing`,
    [given.tenantId, given.key, given.requestHash],
  );
  if (rowCount === 1) return null;
  const { rows } = await db.query<KeptAnswer>(
    `select request_hash as "requestHash", status, body from app.idempotency where tenant_id = $1 and key = $2`,
    [given.tenantId, given.key],
  );
  // The first request failed in between: the key is free again.
  return rows[0] ?? takeKey(db, given);
}

export async function keepAnswer(
  db: Queryable,
  given: { tenantId: string; key: string; status: number; body: unknown },
): Promise<void> {
  await db.query(
    'update app.idempotency set status = $3, body = $4::jsonb where tenant_id = $1 and key = $2',
    [given.tenantId, given.key, given.status, JSON.stringify(given.body ?? null)],
  );
}

/** The request failed: the key may be used again. */
export async function dropKey(db: Queryable, given: { tenantId: string; key: string }): Promise<void> {
  await db.query('delete from app.idempotency where tenant_id = $1 and key = $2', [
    given.tenantId,
    given.key,
  ]);
}
