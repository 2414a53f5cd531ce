import { z } from 'zod';
import { Role } from '../model/role.ts';
import type { Queryable } from './pool.ts';
import { hashToken, newToken } from './tokens.ts';

/** A session ends after this long without a request, and after that long in any case. */
export const IDLE_HOURS = 12;
const ABSOLUTE_DAYS = 7;

export const Session = z.object({
  accountId: z.string(),
  tenantId: z.string(),
  email: z.string(),
  name: z.string(),
  role: Role,
  /** What unsafe requests carry beside the cookie. */
  csrf: z.string(),
  expiresAt: z.date(),
});
export type Session = z.infer<typeof Session>;

/** Begins a session and answers the cookie's value, which is kept nowhere. */
export async function beginSession(
  db: Queryable,
  { accountId, tenantId }: { accountId: string; tenantId: string },
): Promise<string> {
  const { token, hash } = newToken();
  await db.query(
    `delete from app.session where expires_at < now() or seen_at < now() - make_interval(hours => $1)`,
    [IDLE_HOURS],
  );
  await db.query(
    `insert into app.session (hash, account_id, tenant_id, csrf, expires_at)
     values ($1, $2, $3, $4, now() + make_interval(days => $5))`,
    [hash, accountId, tenantId, newToken().token, ABSOLUTE_DAYS],
  );
  await db.query('update app.account set seen_at = now() where id = $1', [accountId]);
  return token;
}

/** The session of a cookie's value; null where it has ended, or its holder is no member any more. */
export async function readSession(db: Queryable, token: string): Promise<Session | null> {
  const { rows } = await db.query(
    `with found as (
       select s.account_id as "accountId", s.tenant_id as "tenantId", a.email, a.name, m.role, s.csrf,
         s.expires_at as "expiresAt"
       from app.session s
       join app.account a on a.id = s.account_id
       join app.member m on m.account_id = s.account_id and m.tenant_id = s.tenant_id
       where s.hash = $1 and s.expires_at > now() and s.seen_at > now() - make_interval(hours => $2)
     ),
     -- Once a minute is enough: requests would wait for one another's write.
     seen as (
       update app.session set seen_at = now()
       where hash = $1 and seen_at < now() - interval '1 minute' and exists (select from found)
     )
     select * from found`,
    [hashToken(token), IDLE_HOURS],
  );
  return rows[0] ? Session.parse(rows[0]) : null;
}

export async function endSession(db: Queryable, token: string): Promise<void> {
  await db.query('delete from app.session where hash = $1', [hashToken(token)]);
}

/** Ends all of somebody's sessions, in every browser. */
export async function endAllSessions(db: Queryable, accountId: string): Promise<number> {
  const { rowCount } = await db.query('delete from app.session where account_id = $1', [accountId]);
  return rowCount;
}
