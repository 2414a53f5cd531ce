import type { Queryable } from './pool.ts';
import type { Tenant } from './tenant.ts';

/** What somebody did, kept for good. */
export type AuditEntry = {
  actor: string;
  action: string;
  subject: string;
  before?: unknown;
  after?: unknown;
};

export async function addAudit(db: Queryable, tenant: Tenant, entry: AuditEntry): Promise<void> {
  await db.query(
    `insert into app.audit (tenant_id, actor, action, subject, before, after) values ($1, $2, $3, $4, $5::jsonb, $6::jsonb)`,
    [
      tenant.id,
      entry.actor,
      entry.action,
      entry.subject,
      entry.before === undefined ? null : JSON.stringify(entry.before),
      entry.after === undefined ? null : JSON.stringify(entry.after),
    ],
  );
}
