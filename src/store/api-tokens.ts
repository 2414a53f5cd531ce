import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { NotFoundError } from '../errors.ts';
import { Permission } from '../model/role.ts';
import type { Queryable } from './pool.ts';
import type { Tenant } from './tenant.ts';
import { hashToken, newToken } from './tokens.ts';

/** A program's way in, without its secret. */
export const ApiToken = z.object({
  id: z.string(),
  tenantId: z.string(),
  name: z.string(),
  permissions: z.array(Permission),
  createdBy: z.string(),
  createdAt: z.date(),
  expiresAt: z.date(),
  lastUsedAt: z.date().nullable(),
  revokedAt: z.date().nullable(),
});
export type ApiToken = z.infer<typeof ApiToken>;

const COLUMNS = `id, tenant_id as "tenantId", name, permissions, created_by as "createdBy",
  created_at as "createdAt", expires_at as "expiresAt", last_used_at as "lastUsedAt", revoked_at as "revokedAt"`;

/** Makes a token; its secret is answered here and never again. */
export async function addApiToken(
  db: Queryable,
  tenant: Tenant,
  given: { name: string; permissions: Permission[]; createdBy: string; days: number },
): Promise<{ token: ApiToken; secret: string }> {
  const { token: secret, hash } = newToken();
  const { rows } = await db.query(
    `insert into app.api_token (id, tenant_id, name, hash, permissions, created_by, expires_at)
     values ($1, $2, $3, $4, $5, $6, now() + make_interval(days => $7)) returning ${COLUMNS}`,
    [randomUUID(), tenant.id, given.name, hash, given.permissions, given.createdBy, given.days],
  );
  return { token: ApiToken.parse(rows[0]), secret };
}

/** Null where it is unknown, revoked or expired. */
export async function findApiToken(db: Queryable, secret: string): Promise<ApiToken | null> {
  const { rows } = await db.query(
    `with used as (
       -- Once a minute is enough: requests would wait for one another's write.
       update app.api_token set last_used_at = now()
       where hash = $1 and (last_used_at is null or last_used_at < now() - interval '1 minute')
     )
     select ${COLUMNS} from app.api_token where hash = $1 and revoked_at is null and expires_at > now()`,
    [hashToken(secret)],
  );
  return rows[0] ? ApiToken.parse(rows[0]) : null;
}

/** Newest first, revoked ones too. */
export async function listApiTokens(db: Queryable, tenant: Tenant): Promise<ApiToken[]> {
  const { rows } = await db.query(
    `select ${COLUMNS} from app.api_token where tenant_id = $1 order by created_at desc, id`,
    [tenant.id],
  );
  return rows.map((row) => ApiToken.parse(row));
}

/** @throws NotFoundError where the tenant has no such token in use */
export async function revokeApiToken(db: Queryable, tenant: Tenant, id: string): Promise<ApiToken> {
  const { rows } = await db.query(
    `update app.api_token set revoked_at = now() where tenant_id = $1 and id = $2 and revoked_at is null
     returning ${COLUMNS}`,
    [tenant.id, id],
  );
  if (rows[0]) return ApiToken.parse(rows[0]);
  throw new NotFoundError('token_unknown', 'There is no such token in use.', {
    action: 'See the tokens under Settings.',
  });
}
