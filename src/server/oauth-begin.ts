import { createHash, randomBytes } from 'node:crypto';
import { parseCookie } from 'cookie';
import type { Request, Response } from 'express';
import type { Connector } from '../../connectors/contract.ts';
import { addOAuthState, type Pending, type Purpose } from '../store/oauth-states.ts';
import { newToken } from '../store/tokens.ts';
import { isSecure, setCookie } from './cookies.ts';
import { appOf } from './oauth-systems.ts';
import type { ServerParts } from './parts.ts';

const BROWSER = 'oauth';
const BROWSER_TOKEN = /^[\w-]{43}$/;
const MINUTES = 10;

/** What the browser says it is, if it began an authorisation before. */
export function browserToken(parts: ServerParts, request: Request): string | undefined {
  const name = isSecure(parts.publicUrl) ? `__Host-${BROWSER}` : BROWSER;
  const value = parseCookie(request.headers.cookie ?? '')[name];
  return value !== undefined && BROWSER_TOKEN.test(value) ? value : undefined;
}

export const redirectUri = (parts: Pick<ServerParts, 'publicUrl'>, system: string): string =>
  `${parts.publicUrl}/oauth/${system}/callback`;

type Beginning = { purpose: Purpose; system: string; tenantId: string | null } & Omit<
  Pending,
  'verifier' | 'nonce'
> & { nonce?: string };

/**
 * Notes an authorisation that begins in this browser. Two of them at once, from two tabs, do not disturb each other.
 * Answers what goes to the other side: the state, and PKCE's challenge.
 */
export async function noteBeginning(
  parts: ServerParts,
  { request, response }: { request: Request; response: Response },
  { purpose, system, tenantId, nonce, ...pending }: Beginning,
): Promise<{ state: string; challenge: string }> {
  const browser = browserToken(parts, request) ?? newToken().token;
  setCookie(parts, response, { name: BROWSER, value: browser, seconds: MINUTES * 60 });
  const verifier = randomBytes(48).toString('base64url');
  const state = await addOAuthState(parts.store.pool, parts.store.keys, {
    purpose,
    system,
    tenantId,
    browser,
    pending: { ...pending, verifier, nonce: nonce ?? null },
  });
  return { state, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

/** The CRM's page on which somebody allows the app, or says who they are. */
export async function beginAtCrm(
  parts: ServerParts,
  http: { request: Request; response: Response },
  connector: Connector,
  beginning: Omit<Beginning, 'system'>,
): Promise<string> {
  const page = beginning.purpose === 'sign_in' ? connector.signIn : connector.authorize;
  if (!page) throw new TypeError(`${connector.key} has no page for ${beginning.purpose}`);
  const app = appOf(parts.config, connector);
  const { state, challenge } = await noteBeginning(parts, http, { ...beginning, system: connector.key });
  return page.url(app, {
    config: connector.config.parse(beginning.config),
    redirectUri: redirectUri(parts, connector.key),
    state,
    challenge,
  });
}
