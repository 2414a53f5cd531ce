import type { Request, Response } from 'express';
import { beginSession, endSession } from '../store/sessions.ts';
import { sessionToken } from './actor.ts';
import { setSessionCookie } from './cookies.ts';
import type { ServerParts } from './parts.ts';

/** Signs somebody in: a new session, never one that was there before, which ends. */
export async function startSession(
  parts: ServerParts,
  { request, response }: { request: Request; response: Response },
  who: { accountId: string; tenantId: string },
): Promise<void> {
  const { pool } = parts.store;
  const old = sessionToken(parts, request);
  if (old) await endSession(pool, old);
  setSessionCookie(parts, response, await beginSession(pool, who));
}
