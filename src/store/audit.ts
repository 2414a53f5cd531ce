import type { Queryable } from './pool.ts';

/** Who did what to what. Values are short and hold neither secrets nor the CRM's data. */
export type AuditEntry = {
  tenantId: string | null;
  /** A user's e-mail, `cli`, or `app`. */
  actor: string;
  /** A verb with its object: `target.release`, `policy.change`. */
  action: string;
  subject: string;
  before?: unknown;
  after?: unknown;
};

/** Notes a change; inside the transaction that makes it, so that there is never one without the other. */
export async function writeAudit(client: Queryable, entry: AuditEntry): Promise<void> {
  await client.query(
    `insert into app.audit (tenant_id, actor, action, subject, before, after)
     values ($1, $2, $3, $4, $5::jsonb, $6::jsonb)`,
    [entry.tenantId, entry.actor, entry.action, entry.subject, asJson(entry.before), asJson(entry.after)],
  );
}

/** A tenant's entries, the newest first. */
export async function listAudit(
  pool: Queryable,
  tenantId: string,
  limit = 100,
): Promise<(AuditEntry & { at: Date })[]> {
  const { rows } = await pool.query<AuditEntry & { at: Date }>(
    `select tenant_id as "tenantId", at, actor, action, subject, before, after
     from app.audit where tenant_id = $1 order by at desc, id desc limit $2`,
    [tenantId, limit],
  );
  return rows;
}

function asJson(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
