import { z } from 'zod';
import { RemoteError } from '../../src/errors.ts';
import type { OAuthApp, OAuthSecret, Who } from '../contract.ts';
import { type HttpRequest, toError } from '../http.ts';
import { API_VERSION, DIALECT } from './client.ts';
import type { HubSpotConfig } from './config.ts';
import { sendTokenForm } from './token-form.ts';

const REQUEST: HttpRequest = {
  method: 'POST',
  path: `/oauth/${API_VERSION}/token/introspect`,
  budget: 'general',
  write: false,
  expect: 'json',
};

/** `user` is the e-mail address; HubSpot's own description calls it optional. */
const Answer = z.object({
  active: z.literal(true),
  client_id: z.string(),
  hub_id: z.coerce.number(),
  user_id: z.coerce.number(),
  user: z.string().nullish(),
});

/** Who allowed the app, and in which account, as HubSpot says of the token itself. */
export async function installerOfHubSpot(
  app: OAuthApp,
  secret: OAuthSecret,
  options: { config: HubSpotConfig; fetch: typeof globalThis.fetch; signal: AbortSignal },
): Promise<Who> {
  const fields = { token: secret.accessToken, token_type_hint: 'access_token' };
  const answer = await sendTokenForm(app, REQUEST, fields, options);
  if (answer.status !== 200) throw toError(DIALECT, REQUEST, answer);
  const parsed = Answer.safeParse(answer.json);
  if (!parsed.success || parsed.data.client_id !== app.clientId) {
    throw new RemoteError('installer_unknown', 'HubSpot does not say who allowed the app.', {
      status: answer.status,
      action: 'Try again; if it stays, ask somebody who is signed in here to connect HubSpot.',
      cause: parsed.error,
    });
  }
  const { hub_id, user_id, user } = parsed.data;
  const email = z.email().safeParse(user);
  return {
    accountId: String(hub_id),
    // Nobody else can hold such an address: .invalid is nobody's domain.
    email: email.success ? email.data.toLowerCase() : `user-${user_id}@hubspot-${hub_id}.invalid`,
  };
}
