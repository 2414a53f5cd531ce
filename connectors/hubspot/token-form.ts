import type { OAuthApp } from '../contract.ts';
import { allowedApiUrl, type HttpAnswer, type HttpRequest, pinnedFetch, send } from '../http.ts';
import { DIALECT } from './client.ts';
import { HUBSPOT_HOSTS, type HubSpotConfig } from './config.ts';

/** Sends the app's credentials with the fields to a token endpoint. It takes a form only: JSON is refused. */
export function sendTokenForm(
  app: OAuthApp,
  request: HttpRequest,
  fields: Record<string, string>,
  { config, fetch, signal }: { config: HubSpotConfig; fetch: typeof globalThis.fetch; signal: AbortSignal },
): Promise<HttpAnswer> {
  const apiUrl = allowedApiUrl(config.apiUrl, HUBSPOT_HOSTS);
  const pinned = pinnedFetch(fetch, apiUrl);
  const body = new URLSearchParams({ ...fields, client_id: app.clientId, client_secret: app.clientSecret });
  return send(DIALECT, request, signal, (inner) =>
    pinned(`${apiUrl}${request.path}`, { method: request.method, body, signal: inner }),
  );
}
