import { type Request, type Response, Router } from 'express';
import { connectorOf } from '../../connectors/registry.ts';
import { AuthError, InputError, PermissionError } from '../errors.ts';
import { type TakenOAuthState, takeOAuthState } from '../store/oauth-states.ts';
import { noticePage } from './notice-page.ts';
import { beginAtCrm, browserToken } from './oauth-begin.ts';
import { finishConnect } from './oauth-connect.ts';
import { finishInstall } from './oauth-install.ts';
import { configFor, oauthSystem } from './oauth-systems.ts';
import { beginAtProvider, finishAtProvider, OIDC } from './oidc.ts';
import type { ServerParts } from './parts.ts';
import { HOME, returnPath } from './return-paths.ts';
import { finishCrmSignIn } from './sign-in-by-crm.ts';

const STATE = /^[\w-]{43}$/;
/** Longer than any CRM's code. */
const MOST_CODE = 4_000;

/** What came back, checked: it belongs to what this browser began. */
export type Answer = { system: string; code: string; taken: TakenOAuthState; url: URL };

/** The ways in and back that lead over a CRM or an identity provider. */
export function oauthRoutes(parts: ServerParts): Router {
  const router = Router();

  router.get('/install/hubspot', (request, response) =>
    carefully(parts, response, HOME, async () => {
      if (parts.config.installs === 'closed') {
        throw new PermissionError('installs_closed', 'This installation takes no new companies.', {
          action: 'Ask an admin of your company here to connect HubSpot.',
        });
      }
      return beginAtCrm(parts, { request, response }, connectorOf('hubspot'), {
        purpose: 'install',
        tenantId: null,
        config: configFor(parts.config, 'hubspot', undefined),
        mode: 'production',
        returnTo: returnPath('/setup'),
        accountId: null,
        connectionId: null,
      });
    }),
  );

  router.get('/sign-in/salesforce', (request, response) =>
    carefully(parts, response, '/sign-in', () =>
      beginAtCrm(parts, { request, response }, connectorOf('salesforce'), {
        purpose: 'sign_in',
        tenantId: null,
        config: configFor(parts.config, 'salesforce', text(request.query.host)),
        mode: 'production',
        returnTo: HOME,
        accountId: null,
        connectionId: null,
      }),
    ),
  );

  router.get('/sign-in/oidc', (request, response) =>
    carefully(parts, response, '/sign-in', () => beginAtProvider(parts, { request, response })),
  );

  router.get('/oauth/:system/callback', async (request, response) => {
    let back = HOME;
    await carefully(
      parts,
      response,
      () => back,
      async () => {
        const answer = await readAnswer(parts, request, (path) => {
          back = path;
        });
        // The same answer again, as a double click sends it: the first one does the work.
        if (answer.taken.used) return answer.taken.pending.returnTo;
        switch (answer.taken.purpose) {
          case 'connect':
            return finishConnect(parts, request, answer);
          case 'install':
            return finishInstall(parts, { request, response }, answer);
          case 'sign_in':
            return answer.system === OIDC
              ? finishAtProvider(parts, { request, response }, answer)
              : finishCrmSignIn(parts, { request, response }, answer);
        }
      },
    );
  });
  return router;
}

/** Sends the browser where `work` says, or shows what went wrong. */
async function carefully(
  parts: ServerParts,
  response: Response,
  back: string | (() => string),
  work: () => Promise<string>,
): Promise<void> {
  response.setHeader('cache-control', 'no-store');
  // The address holds a code: no page that follows may learn it.
  response.setHeader('referrer-policy', 'no-referrer');
  try {
    response.redirect(303, await work());
  } catch (error) {
    noticePage(parts, response, error, typeof back === 'string' ? back : back());
  }
}

async function readAnswer(
  parts: ServerParts,
  request: Request,
  onKnown: (returnTo: string) => void,
): Promise<Answer> {
  const given = String(request.params.system);
  const system = given === OIDC ? OIDC : oauthSystem(given);
  const state = text(request.query.state) ?? '';
  const browser = browserToken(parts, request);
  const taken =
    STATE.test(state) && browser !== undefined
      ? await takeOAuthState(parts.store.pool, parts.store.keys, { state, system, browser })
      : null;
  if (!taken) {
    throw new InputError(
      'answer_foreign',
      'This answer does not belong to what was begun in this browser, or it is older than ten minutes. Nothing was stored.',
      { action: 'Begin again, and stay in the same browser.' },
    );
  }
  onKnown(taken.pending.returnTo);
  const code = text(request.query.code) ?? '';
  const refused = text(request.query.error_description) ?? text(request.query.error);
  if (!taken.used && (refused !== undefined || code === '' || code.length > MOST_CODE)) {
    throw new AuthError(
      'authorisation_refused',
      `Access was not allowed${refused ? `: ${refused.slice(0, 300)}` : ''}. Nothing was stored.`,
      { action: 'Try again, as somebody who may allow it, and allow all that is asked for.' },
    );
  }
  return { system, code, taken, url: new URL(request.originalUrl, parts.publicUrl) };
}

/** A parameter that was given once, as text. */
function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
