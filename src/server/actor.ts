import { parseCookie } from 'cookie';
import type { Request } from 'express';
import { PermissionError, SignInError } from '../errors.ts';
import { holds, PERMISSIONS, type Permission, type Role } from '../model/role.ts';
import { findApiToken } from '../store/api-tokens.ts';
import type { Pool } from '../store/pool.ts';
import { readSession } from '../store/sessions.ts';
import { isSecure, sessionCookieName } from './cookies.ts';
import type { ServerParts } from './parts.ts';

/** Who asks: a person with a session, or a program with a token. */
export type Actor = {
  kind: 'person' | 'program';
  /** Account id, or token id. */
  id: string;
  /** E-mail, or the token's name; what the audit log shows. */
  name: string;
  tenantId: string;
  /** Null for programs. */
  role: Role | null;
  permissions: readonly Permission[];
  /** What unsafe requests of a browser must carry; null for programs, which no browser sends for. */
  csrf: string | null;
};

/** @throws SignInError where nobody is known by the cookie or the token */
export async function actorOf(parts: ServerParts, request: Request): Promise<Actor> {
  const { pool } = parts.store;
  const bearer = /^Bearer ([\w.-]{10,200})$/.exec(request.headers.authorization ?? '')?.[1];
  if (bearer) return programOf(pool, bearer);
  const cookie = sessionToken(parts, request);
  const session = cookie ? await readSession(pool, cookie) : null;
  if (!session) {
    throw new SignInError('not_signed_in', 'You are not signed in, or your session has ended.', {
      action: 'Sign in and try again.',
    });
  }
  return {
    kind: 'person',
    id: session.accountId,
    name: session.email,
    tenantId: session.tenantId,
    role: session.role,
    permissions: PERMISSIONS[session.role],
    csrf: session.csrf,
  };
}

/** What the session cookie of a request says, if it has one of a believable length. */
export function sessionToken(parts: ServerParts, request: Request): string | undefined {
  const value = parseCookie(request.headers.cookie ?? '')[sessionCookieName(isSecure(parts.publicUrl))];
  return value && value.length < 100 ? value : undefined;
}

async function programOf(pool: Pool, bearer: string): Promise<Actor> {
  const token = await findApiToken(pool, bearer);
  if (!token) {
    throw new SignInError('token_unknown', 'This API token is unknown, revoked or expired.', {
      action: 'Make a new one under Settings.',
    });
  }
  return {
    kind: 'program',
    id: token.id,
    name: `token ${token.name}`,
    tenantId: token.tenantId,
    role: null,
    permissions: token.permissions,
    csrf: null,
  };
}

/** @throws PermissionError that says what is needed and who can give it */
export function requirePermission(actor: Actor, needed: Permission): void {
  if (holds(actor.permissions, needed)) return;
  throw new PermissionError(
    'not_permitted',
    `This needs the permission "${needed}", which you do not have. Nothing was changed.`,
    { action: 'Ask an admin of your company for it, under People.' },
  );
}
