import express, { type Response, Router } from 'express';
import { z } from 'zod';
import { InputError } from '../errors.ts';
import { membershipsOf } from '../store/accounts.ts';
import { addAudit } from '../store/audit.ts';
import { addRequests } from '../store/request-counts.ts';
import { endAllSessions, endSession } from '../store/sessions.ts';
import { takeSignInLink } from '../store/sign-in-links.ts';
import { getTenant } from '../store/tenant.ts';
import { actorOf, sessionToken } from './actor.ts';
import { clearSessionCookie } from './cookies.ts';
import { requireOwnOrigin, requireOwnPage } from './csrf.ts';
import { linkFor } from './invitations.ts';
import { escaped, plainPage } from './notice-page.ts';
import type { ServerParts } from './parts.ts';
import { hashedCaller } from './shared-counts.ts';
import { startSession } from './start-session.ts';

/** What a link carries, and nothing longer. */
const TOKEN = /^[\w-]{43}$/;

/** Mailed to one address because somebody there, or anybody, asked. */
const MOST_LINKS_AN_HOUR = 5;
const HOUR_MS = 3_600_000;

/** /sign-in/link: a one-time link becomes a session. POST /sign-out ends it, or all of a person's. */
export function signInRoutes(parts: ServerParts): Router {
  const { pool } = parts.store;
  const router = Router();

  /** Public: what the sign-in page offers. */
  router.get('/api/sign-in-options', (_request, response) => {
    const { oidc, salesforce, hubspot, mail, installs } = parts.config;
    response.setHeader('cache-control', 'no-store');
    response.json({
      oidc: oidc && { name: oidc.name, url: '/sign-in/oidc' },
      salesforce: salesforce.app && { url: '/sign-in/salesforce' },
      email: mail.smtpUrl !== undefined,
      install: hubspot.app && installs === 'open' ? { url: '/install/hubspot' } : null,
    });
  });

  // Programs that look into mail open its links: only the button of the page uses one up.
  router.get('/sign-in/link', (request, response) => {
    const given = String(request.query.token ?? '');
    if (TOKEN.test(given)) confirmPage(response, given);
    else redirect(response, '/sign-in?problem=link_used');
  });

  router.post(
    '/sign-in/link',
    express.urlencoded({ extended: false, limit: '1kb' }),
    async (request, response) => {
      requireOwnOrigin(parts, request);
      response.setHeader('cache-control', 'no-store');
      const given = String((request.body as { token?: unknown } | undefined)?.token ?? '');
      const used = TOKEN.test(given) ? await takeSignInLink(pool, given) : null;
      if (!used) {
        redirect(response, '/sign-in?problem=link_used');
        return;
      }
      await startSession(parts, { request, response }, used);
      await addAudit(
        pool,
        { id: used.tenantId },
        { actor: used.email, action: 'session.begin', subject: 'link', origin: request.ip },
      );
      redirect(response, '/');
    },
  );

  /** Mails a link to a member. The answer is the same for everybody: it tells nobody who is a member. */
  router.post('/sign-in/email', express.json({ limit: '2kb' }), async (request, response) => {
    requireOwnOrigin(parts, request);
    const given = z.strictObject({ email: z.email().max(200) }).safeParse(request.body);
    if (!given.success) {
      throw new InputError('email_invalid', 'This is no e-mail address. Nothing was sent.', {
        action: 'Correct it.',
      });
    }
    const [member] = await membershipsOf(pool, given.data.email);
    response.status(202).json({ sent: parts.config.mail.smtpUrl !== undefined });
    // After the answer: how long it takes would tell as much as what it says.
    if (!member || parts.config.mail.smtpUrl === undefined) return;
    // Anybody can ask, from many addresses: nobody's mailbox is filled by it.
    const email = given.data.email.toLowerCase();
    const asked = await addRequests(pool, {
      key: hashedCaller('sign-in links', email),
      hits: 1,
      windowMs: HOUR_MS,
    });
    if (asked.hits > MOST_LINKS_AN_HOUR) return;
    const tenant = await getTenant(pool, member.tenantId);
    await linkFor(parts, tenant, { email, role: member.role, by: 'self' }).catch((error: unknown) =>
      parts.log.error({ err: error }, 'a link to sign in could not be mailed'),
    );
  });

  router.post('/sign-out', async (request, response) => {
    const actor = await actorOf(parts, request);
    requireOwnPage(parts, request, actor);
    const token = sessionToken(parts, request);
    if (token) await endSession(pool, token);
    clearSessionCookie(parts, response);
    response.status(204).end();
  });

  router.post('/sign-out/everywhere', async (request, response) => {
    const actor = await actorOf(parts, request);
    requireOwnPage(parts, request, actor);
    if (actor.kind === 'person') await endAllSessions(pool, actor.id);
    await addAudit(
      pool,
      { id: actor.tenantId },
      { actor: actor.name, action: 'session.end_all', subject: actor.name, origin: request.ip },
    );
    clearSessionCookie(parts, response);
    response.status(204).end();
  });
  return router;
}

/** No script, nothing loaded; the link goes nowhere but into our own form. */
function confirmPage(response: Response, token: string): void {
  plainPage(
    response,
    'Sign in to Segment Sync',
    `<p>This link signs you in once.</p>
<form method="post" action="/sign-in/link"><input type="hidden" name="token" value="${escaped(token)}">
<button type="submit" autofocus>Sign in</button></form>`,
  );
}

function redirect(response: Response, to: string): void {
  response.redirect(303, to);
}
