import { z } from 'zod';
import { NotFoundError } from '../errors.ts';
import { Role } from '../model/role.ts';
import { addMember, ensureAccount } from './accounts.ts';
import { type Pool, type Queryable, transaction } from './pool.ts';
import type { Tenant } from './tenant.ts';
import { hashToken, newToken } from './tokens.ts';

/** Who came in by a link or an invitation, and where. */
export type Joined = { accountId: string; tenantId: string; email: string };

/** A link that signs one person in, once, and makes them a member with a role. Answers what the link carries. */
export async function addSignInLink(
  db: Queryable,
  given: { tenantId: string; email: string; role: Role; createdBy: string; hours: number },
): Promise<string> {
  const { token, hash } = newToken();
  await db.query(
    `insert into app.sign_in_link (hash, tenant_id, email, role, created_by, expires_at)
     values ($1, $2, lower($3), $4, $5, now() + make_interval(hours => $6))`,
    [hash, given.tenantId, given.email, given.role, given.createdBy, given.hours],
  );
  return token;
}

/** Uses a link up; who is a member already keeps their role. Null where it is unknown, too old, or was used before. */
export async function takeSignInLink(pool: Pool, token: string): Promise<Joined | null> {
  return transaction(pool, async (client) => {
    const { rows } = await client.query<LinkRow>(
      `update app.sign_in_link set used_at = now()
       where hash = $1 and used_at is null and expires_at > now() returning ${LINK}`,
      [hashToken(token)],
    );
    return rows[0] ? joinBy(client, rows[0]) : null;
  });
}

/** An invitation that nobody has used yet. */
export const Invitation = z.object({
  id: z.string(),
  email: z.string(),
  role: Role,
  createdBy: z.string(),
  createdAt: z.date(),
  expiresAt: z.date(),
});
export type Invitation = z.infer<typeof Invitation>;

/** The hash is no secret: what the link carries can't be found from it. */
const INVITATION = `encode(hash, 'hex') as id, email, role, created_by as "createdBy",
  created_at as "createdAt", expires_at as "expiresAt"`;

const OPEN = 'used_at is null and expires_at > now()';

/** Invitations that may still be used, newest first; links for who is a member already are none. */
export async function listInvitations(db: Queryable, tenant: Pick<Tenant, 'id'>): Promise<Invitation[]> {
  const { rows } = await db.query(
    `select ${INVITATION} from app.sign_in_link l where tenant_id = $1 and ${OPEN}
       and not exists (
         select from app.member m join app.account a on a.id = m.account_id
         where m.tenant_id = l.tenant_id and a.email = l.email)
     order by created_at desc, 1`,
    [tenant.id],
  );
  return rows.map((row) => Invitation.parse(row));
}

/** @throws NotFoundError where the tenant has no such invitation that may still be used */
export async function revokeInvitation(
  db: Queryable,
  tenant: Pick<Tenant, 'id'>,
  id: string,
): Promise<Invitation> {
  const { rows } = await db.query(
    `delete from app.sign_in_link where tenant_id = $1 and encode(hash, 'hex') = $2 and ${OPEN}
     returning ${INVITATION}`,
    [tenant.id, id],
  );
  if (rows[0]) return Invitation.parse(rows[0]);
  throw new NotFoundError('invitation_unknown', 'There is no such invitation that may still be used.', {
    action: 'See the invitations under People.',
  });
}

/** Of several invitations to one address the newest counts. */
export async function dropInvitations(
  db: Queryable,
  tenant: Pick<Tenant, 'id'>,
  email: string,
): Promise<void> {
  await db.query(
    `delete from app.sign_in_link where tenant_id = $1 and email = lower($2) and used_at is null`,
    [tenant.id, email],
  );
}

/**
 * Makes somebody a member by the newest invitation to their address that may still be used, and uses it up.
 * @param tenants which companies' invitations count; left out, all of them
 */
export async function acceptInvitation(
  pool: Pool,
  email: string,
  tenants?: readonly string[],
): Promise<Joined | null> {
  return transaction(pool, async (client) => {
    const { rows } = await client.query<LinkRow>(
      `update app.sign_in_link set used_at = now() where hash = (
         select hash from app.sign_in_link
         where email = lower($1) and ${OPEN} and ($2::text[] is null or tenant_id = any($2))
         order by created_at desc limit 1 for update)
       returning ${LINK}`,
      [email, tenants ?? null],
    );
    return rows[0] ? joinBy(client, rows[0]) : null;
  });
}

type LinkRow = { tenant_id: string; email: string; role: string; created_by: string };
const LINK = 'tenant_id, email, role, created_by';

async function joinBy(client: Queryable, link: LinkRow): Promise<Joined> {
  const account = await ensureAccount(client, { email: link.email });
  await addMember(
    client,
    { id: link.tenant_id },
    { accountId: account.id, role: Role.parse(link.role), addedBy: link.created_by },
  );
  return { accountId: account.id, tenantId: link.tenant_id, email: account.email };
}
