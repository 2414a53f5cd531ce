import { type Response, Router } from 'express';
import { beginSession, endSession } from '../store/sessions.ts';
import { takeSignInLink } from '../store/sign-in-links.ts';
import { actorOf, sessionToken } from './actor.ts';
import { clearSessionCookie, setSessionCookie } from './cookies.ts';
import { requireOwnPage } from './csrf.ts';
import type { ServerParts } from './parts.ts';

/** What a link carries, and nothing longer. */
const TOKEN = /^[\w-]{43}$/;

/** GET /sign-in/link: a one-time link becomes a session. POST /sign-out ends it. */
export function signInRoutes(parts: ServerParts): Router {
  const { pool } = parts.store;
  const router = Router();

  router.get('/sign-in/link', async (request, response) => {
    response.setHeader('cache-control', 'no-store');
    const given = String(request.query.token ?? '');
    const used = TOKEN.test(given) ? await takeSignInLink(pool, given) : null;
    if (!used) {
      redirect(response, '/sign-in?problem=link_used');
      return;
    }
    const old = sessionToken(parts, request);
    if (old) await endSession(pool, old);
    setSessionCookie(parts, response, await beginSession(pool, used));
    redirect(response, '/');
  });

  router.post('/sign-out', async (request, response) => {
    const actor = await actorOf(parts, request);
    requireOwnPage(parts, request, actor);
    const token = sessionToken(parts, request);
    if (token) await endSession(pool, token);
    clearSessionCookie(parts, response);
    response.status(204).end();
  });
  return router;
}

function redirect(response: Response, to: string): void {
  response.redirect(303, to);
}
