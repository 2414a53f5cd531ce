import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { NotFoundError } from '../errors.ts';
import { Role } from '../model/role.ts';
import type { Queryable } from './pool.ts';
import type { Tenant } from './tenant.ts';

/** Somebody who signs in; a member of one tenant or several. */
export const Member = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  role: Role,
  digest: z.boolean(),
  addedBy: z.string(),
  addedAt: z.date(),
  seenAt: z.date().nullable(),
});
export type Member = z.infer<typeof Member>;

const MEMBER = `a.id, a.email, a.name, m.role, m.digest, m.added_by as "addedBy", m.added_at as "addedAt",
  a.seen_at as "seenAt"`;

/** The account of an address, made where there is none. E-mails are compared in lower case. */
export async function ensureAccount(
  db: Queryable,
  { email, name }: { email: string; name?: string },
): Promise<{ id: string; email: string }> {
  const address = email.trim().toLowerCase();
  const { rows } = await db.query<{ id: string; email: string }>(
    `insert into app.account (id, email, name) values ($1, $2, $3)
     on conflict (email) do update set name = coalesce(nullif(excluded.name, ''), app.account.name)
     returning id, email`,
    [randomUUID(), address, name ?? ''],
  );
  if (!rows[0]) throw new TypeError('an account was neither found nor made');
  return rows[0];
}

/** Gives a role; a member keeps one role, the last that was given. */
export async function saveMember(
  db: Queryable,
  tenant: Pick<Tenant, 'id'>,
  given: { accountId: string; role: Role; addedBy: string },
): Promise<void> {
  await db.query(
    `insert into app.member (tenant_id, account_id, role, added_by) values ($1, $2, $3, $4)
     on conflict (tenant_id, account_id) do update set role = excluded.role`,
    [tenant.id, given.accountId, given.role, given.addedBy],
  );
}

export async function listMembers(db: Queryable, tenant: Tenant): Promise<Member[]> {
  const { rows } = await db.query(
    `select ${MEMBER} from app.member m join app.account a on a.id = m.account_id
     where m.tenant_id = $1 order by a.email`,
    [tenant.id],
  );
  return rows.map((row) => Member.parse(row));
}

/** @throws NotFoundError where the tenant has no such member */
export async function getMember(
  db: Queryable,
  tenant: Pick<Tenant, 'id'>,
  accountId: string,
): Promise<Member> {
  const { rows } = await db.query(
    `select ${MEMBER} from app.member m join app.account a on a.id = m.account_id
     where m.tenant_id = $1 and m.account_id = $2`,
    [tenant.id, accountId],
  );
  if (rows[0]) return Member.parse(rows[0]);
  throw new NotFoundError('member_unknown', 'There is no such person here.', {
    action: 'See who is, under People.',
  });
}
