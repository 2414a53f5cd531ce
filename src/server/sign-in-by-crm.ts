import type { Request, Response } from 'express';
import { connectorOf } from '../../connectors/registry.ts';
import { findAccount } from '../store/connections.ts';
import { letIn } from './let-in.ts';
import type { Answer } from './oauth.ts';
import { redirectUri } from './oauth-begin.ts';
import { appOf } from './oauth-systems.ts';
import type { ServerParts } from './parts.ts';

/**
 * Ends a sign-in by Salesforce. An org's admins decide which addresses its users have, so that an org vouches for
 * people only in companies that it is connected to.
 */
export async function finishCrmSignIn(
  parts: ServerParts,
  http: { request: Request; response: Response },
  { system, code, taken: { pending } }: Answer,
): Promise<string> {
  const connector = connectorOf(system);
  if (!connector.signIn) throw new TypeError(`${system} has no sign-in`);
  const who = await connector.signIn.who(appOf(parts.config, connector), {
    config: connector.config.parse(pending.config),
    code,
    redirectUri: redirectUri(parts, system),
    verifier: pending.verifier,
    fetch,
    signal: AbortSignal.timeout(30_000),
  });
  const accounts = await findAccount(parts.store.pool, system, who.accountId);
  const tenants = accounts.map(({ tenantId }) => tenantId);
  await letIn(parts, http, { email: who.email, by: connector.name, tenants });
  return pending.returnTo;
}
