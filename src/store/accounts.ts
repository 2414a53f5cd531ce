import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { ConflictError, NotFoundError } from '../errors.ts';
import { Role } from '../model/role.ts';
import { type Pool, type Queryable, transaction } from './pool.ts';
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

/** Makes somebody a member; one who is keeps the role they have now. */
export async function addMember(
  db: Queryable,
  tenant: Pick<Tenant, 'id'>,
  given: { accountId: string; role: Role; addedBy: string },
): Promise<void> {
  await db.query(
    `insert into app.member (tenant_id, account_id, role, added_by) values ($1, $2, $3, $4)
     on conflict (tenant_id, account_id) do nothing`,
    [tenant.id, given.accountId, given.role, given.addedBy],
  );
}

export async function listMembers(db: Queryable, tenant: Pick<Tenant, 'id'>): Promise<Member[]> {
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

/** All tenants that somebody with this address is a member of, oldest membership first. */
export async function membershipsOf(
  db: Queryable,
  email: string,
): Promise<{ accountId: string; tenantId: string; role: Role }[]> {
  const { rows } = await db.query<{ accountId: string; tenantId: string; role: string }>(
    `select a.id as "accountId", m.tenant_id as "tenantId", m.role
     from app.account a join app.member m on m.account_id = a.id
     where a.email = lower($1) order by m.added_at, m.tenant_id`,
    [email.trim()],
  );
  return rows.map((row) => ({ ...row, role: Role.parse(row.role) }));
}

/**
 * Changes what a member may do or gets. Somebody always remains who may administer.
 * @throws NotFoundError where the tenant has no such member
 * @throws ConflictError where nobody could administer any more
 */
export async function changeMember(
  pool: Pool,
  tenant: Pick<Tenant, 'id'>,
  accountId: string,
  change: { role?: Role | undefined; digest?: boolean | undefined },
): Promise<{ before: Member; after: Member }> {
  return transaction(pool, async (client) => {
    const before = await lockMember(client, tenant, accountId);
    if (change.role !== undefined && change.role !== 'admin') await requireOtherAdmin(client, tenant, before);
    await client.query(
      `update app.member set role = coalesce($3, role), digest = coalesce($4, digest)
       where tenant_id = $1 and account_id = $2`,
      [tenant.id, accountId, change.role ?? null, change.digest ?? null],
    );
    return { before, after: await getMember(client, tenant, accountId) };
  });
}

/**
 * Takes somebody out; their sessions here end at once.
 * @throws NotFoundError where the tenant has no such member
 * @throws ConflictError where nobody could administer any more
 */
export async function removeMember(
  pool: Pool,
  tenant: Pick<Tenant, 'id'>,
  accountId: string,
): Promise<Member> {
  return transaction(pool, async (client) => {
    const member = await lockMember(client, tenant, accountId);
    await requireOtherAdmin(client, tenant, member);
    // A link of theirs that is still on its way would let them in again. First, as who comes in by one does it.
    await client.query(
      `delete from app.sign_in_link where hash in (
         select hash from app.sign_in_link where tenant_id = $1 and email = $2 order by hash for update)`,
      [tenant.id, member.email],
    );
    for (const table of ['session', 'member'])
      await client.query(`delete from app.${table} where tenant_id = $1 and account_id = $2`, [
        tenant.id,
        accountId,
      ]);
    return member;
  });
}

/** Two admins who take each other out come one after the other; who comes in by a link meanwhile need not wait. */
async function lockMember(client: Queryable, tenant: Pick<Tenant, 'id'>, accountId: string): Promise<Member> {
  await client.query('select from app.tenant where id = $1 for no key update', [tenant.id]);
  return getMember(client, tenant, accountId);
}

async function requireOtherAdmin(
  client: Queryable,
  tenant: Pick<Tenant, 'id'>,
  member: Member,
): Promise<void> {
  if (member.role !== 'admin') return;
  const { rows } = await client.query(
    `select 1 from app.member where tenant_id = $1 and role = 'admin' and account_id <> $2 limit 1`,
    [tenant.id, member.id],
  );
  if (rows.length > 0) return;
  throw new ConflictError('last_admin', 'Nobody else could administer any more. Nothing was changed.', {
    action: 'Make somebody else an admin first.',
  });
}
