import { Role } from '../model/role.ts';
import { ensureAccount, saveMember } from './accounts.ts';
import { type Pool, type Queryable, transaction } from './pool.ts';
import { hashToken, newToken } from './tokens.ts';

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

/** Uses a link up. Null where it is unknown, too old, or was used before. */
export async function takeSignInLink(
  pool: Pool,
  token: string,
): Promise<{ accountId: string; tenantId: string } | null> {
  return transaction(pool, async (client) => {
    const { rows } = await client.query<{
      tenant_id: string;
      email: string;
      role: string;
      created_by: string;
    }>(
      `update app.sign_in_link set used_at = now()
       where hash = $1 and used_at is null and expires_at > now()
       returning tenant_id, email, role, created_by`,
      [hashToken(token)],
    );
    const link = rows[0];
    if (!link) return null;
    const account = await ensureAccount(client, { email: link.email });
    await saveMember(
      client,
      { id: link.tenant_id },
      {
        accountId: account.id,
        role: Role.parse(link.role),
        addedBy: link.created_by,
      },
    );
    return { accountId: account.id, tenantId: link.tenant_id };
  });
}
