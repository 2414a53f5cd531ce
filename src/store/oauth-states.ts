import { z } from 'zod';
import type { Queryable } from './pool.ts';
import { type Keyring, seal, settingSecret, unseal } from './secrets.ts';
import { hashToken, newToken } from './tokens.ts';

/** Somebody who hesitates longer begins again. */
const STATE_MINUTES = 10;

/** What an authorisation is for. */
export const Purpose = z.enum(['connect', 'install', 'sign_in']);
export type Purpose = z.infer<typeof Purpose>;

/** What is needed when the answer comes; sealed while it waits. */
const Pending = z.object({
  /** PKCE. */
  verifier: z.string(),
  /** OpenID Connect's own; null elsewhere. */
  nonce: z.string().nullable(),
  /** The connector's settings. */
  config: z.record(z.string(), z.unknown()),
  mode: z.enum(['production', 'test']),
  returnTo: z.string(),
  /** Who began; the answer of somebody else is refused. Null where nobody is signed in yet. */
  accountId: z.string().nullable(),
  /** The connection that is renewed: another account's answer is refused. Null for a new one. */
  connectionId: z.string().nullable(),
});
export type Pending = z.infer<typeof Pending>;

export type NewOAuthState = {
  purpose: Purpose;
  system: string;
  tenantId: string | null;
  /** What the browser's cookie holds. */
  browser: string;
  pending: Pending;
};

const PLACE = settingSecret('oauth_state');

/** Begins an authorisation and answers its state, which is kept nowhere. Old ones go. */
export async function addOAuthState(db: Queryable, keys: Keyring, given: NewOAuthState): Promise<string> {
  const { token, hash } = newToken();
  await db.query(`delete from app.oauth_state where expires_at < now() - interval '1 day'`);
  await db.query(
    `insert into app.oauth_state (hash, purpose, system, tenant_id, browser, secret, expires_at)
     values ($1, $2, $3, $4, $5, $6, now() + make_interval(mins => $7))`,
    [
      hash,
      given.purpose,
      given.system,
      given.tenantId,
      hashToken(given.browser),
      seal(keys, PLACE, JSON.stringify(given.pending)),
      STATE_MINUTES,
    ],
  );
  return token;
}

export type TakenOAuthState = {
  purpose: Purpose;
  tenantId: string | null;
  pending: Pending;
  /** This browser has answered with it before. */
  used: boolean;
};

/**
 * Uses a state up. `used` where this browser has answered with it before, as a double click does; null where it is
 * unknown, too old, another system's or another browser's: those leave it as it is, for the browser that it is for.
 */
export async function takeOAuthState(
  db: Queryable,
  keys: Keyring,
  given: { state: string; system: string; browser: string },
): Promise<TakenOAuthState | null> {
  const values = [hashToken(given.state), given.system, hashToken(given.browser)];
  const ours = 'hash = $1 and system = $2 and browser = $3 and expires_at > now()';
  const columns = 'purpose, tenant_id as "tenantId", secret';
  type Row = { purpose: string; tenantId: string | null; secret: Buffer };
  const { rows: taken } = await db.query<Row>(
    `update app.oauth_state set used_at = now() where ${ours} and used_at is null returning ${columns}`,
    values,
  );
  const { rows: before } = taken[0]
    ? { rows: [] }
    : await db.query<Row>(`select ${columns} from app.oauth_state where ${ours}`, values);
  const row = taken[0] ?? before[0];
  if (!row) return null;
  return {
    purpose: Purpose.parse(row.purpose),
    tenantId: row.tenantId,
    pending: Pending.parse(JSON.parse(unseal(keys, PLACE, row.secret))),
    used: taken[0] === undefined,
  };
}
