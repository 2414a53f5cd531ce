import type { Queryable } from './pool.ts';
import type { Tenant } from './tenant.ts';

/** What somebody did, kept for good. */
export type AuditEntry = {
  actor: string;
  action: string;
  subject: string;
  before?: unknown;
  after?: unknown;
  /** The network address that asked; absent for the command line and the program itself. */
  origin?: string | undefined;
};

export async function addAudit(db: Queryable, tenant: Pick<Tenant, 'id'>, entry: AuditEntry): Promise<void> {
  await db.query(
    `insert into app.audit (tenant_id, actor, action, subject, before, after, origin)
     values ($1, $2, $3, $4, $5::jsonb, $6::jsonb, $7)`,
    [
      tenant.id,
      entry.actor,
      entry.action,
      entry.subject,
      entry.before === undefined ? null : JSON.stringify(entry.before),
      entry.after === undefined ? null : JSON.stringify(entry.after),
      entry.origin ?? null,
    ],
  );
}

/** Entries about one subject, newest first. */
export async function listAudit(
  db: Queryable,
  tenant: Tenant,
  { subject, actions }: { subject: string; actions: readonly string[] },
): Promise<{ actor: string; action: string; at: Date; before: unknown; after: unknown }[]> {
  const { rows } = await db.query<{
    actor: string;
    action: string;
    at: Date;
    before: unknown;
    after: unknown;
  }>(
    `select actor, action, at, before, after from app.audit
     where tenant_id = $1 and subject = $2 and action = any($3::text[]) order by at desc, id desc`,
    [tenant.id, subject, actions],
  );
  return rows;
}
