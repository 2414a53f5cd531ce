import type { Json } from '../../connectors/contract.ts';
import type { Queryable } from './pool.ts';
import type { Tenant } from './tenant.ts';

/** A job that the CRM works on for us, with all that was handed over. One a connection. */
export type PushJob = { runId: string | null; job: Json; batch: unknown };

export async function readPushJob(
  db: Queryable,
  tenant: Tenant,
  connectionId: string,
): Promise<PushJob | null> {
  const { rows } = await db.query<PushJob>(
    `select run_id as "runId", job, batch from ${tenant.schema}.push_job where connection_id = $1`,
    [connectionId],
  );
  return rows[0] ?? null;
}

export async function savePushJob(
  db: Queryable,
  tenant: Tenant,
  connectionId: string,
  { runId, job, batch }: PushJob,
): Promise<void> {
  await db.query(
    `insert into ${tenant.schema}.push_job (connection_id, run_id, job, batch) values ($1, $2, $3, $4)
     on conflict (connection_id) do update set job = excluded.job, batch = excluded.batch`,
    [connectionId, runId, JSON.stringify(job), JSON.stringify(batch)],
  );
}

export async function deletePushJob(db: Queryable, tenant: Tenant, connectionId: string): Promise<void> {
  await db.query(`delete from ${tenant.schema}.push_job where connection_id = $1`, [connectionId]);
}
