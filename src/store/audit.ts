import { AsyncLocalStorage } from 'node:async_hooks';
import { z } from 'zod';
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

/** A request over the network while it is carried out: where it came from, and how many lines it has written. */
type AuditedRequest = { origin: string | undefined; lines: number };

const requests = new AsyncLocalStorage<AuditedRequest>();

/**
 * Carries out a request. What it changes by functions that write their own line, in the transaction of the change,
 * gets the request's origin; `lines` tells the caller whether one is left to write.
 */
export async function duringRequest<T>(
  origin: string | undefined,
  work: () => Promise<T> | T,
): Promise<{ result: T; lines: number }> {
  const request: AuditedRequest = { origin, lines: 0 };
  const result = await requests.run(request, work);
  return { result, lines: request.lines };
}

export async function addAudit(db: Queryable, tenant: Pick<Tenant, 'id'>, entry: AuditEntry): Promise<void> {
  const request = requests.getStore();
  if (request) request.lines += 1;
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
      entry.origin ?? request?.origin ?? null,
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

export const AuditLine = z.object({
  id: z.string(),
  at: z.date(),
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  before: z.unknown(),
  after: z.unknown(),
  origin: z.string().nullable(),
});
export type AuditLine = z.infer<typeof AuditLine>;

/** One page of a tenant's log, newest first; `after` is the id of the last line of the page before. */
export async function pageAudit(
  db: Queryable,
  tenant: Pick<Tenant, 'id'>,
  page: {
    after?: string | undefined;
    limit: number;
    actor?: string | undefined;
    /** A whole name, or its beginning: `connection` for all that begin with `connection.` */
    action?: string | undefined;
    from?: Date | undefined;
    to?: Date | undefined;
  },
): Promise<{ items: AuditLine[]; next: string | null }> {
  const { rows } = await db.query(
    `select id::text, at, actor, action, subject, before, after, origin from app.audit
     where tenant_id = $1 and ($2::bigint is null or (at, id) < (
       select at, id from app.audit where tenant_id = $1 and id = $2::bigint)) and ($3::text is null or actor = $3)
       and ($4::text is null or action = $4 or starts_with(action, $4 || '.'))
       and ($5::timestamptz is null or at >= $5) and ($6::timestamptz is null or at < $6)
     order by at desc, id desc limit $7`,
    [
      tenant.id,
      page.after ?? null,
      page.actor ?? null,
      page.action ?? null,
      page.from ?? null,
      page.to ?? null,
      page.limit + 1,
    ],
  );
  const items = rows.slice(0, page.limit).map((row) => AuditLine.parse(row));
  return { items, next: rows.length > page.limit ? (items.at(-1)?.id ?? null) : null };
}
