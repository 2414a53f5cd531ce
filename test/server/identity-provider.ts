import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

export type IdentityProvider = {
  issuer: string;
  /** What it says of whoever signs in next. */
  claims: Record<string, unknown>;
  /** Bends the next ID token: another nonce, key or audience. */
  bend: { nonce?: string; audience?: string; foreignKey?: boolean };
  /** Where it sends a browser that came with this address, as somebody who agrees at once. */
  agree(authorizeUrl: string): URL;
  stop(): Promise<void>;
};

/** A small OpenID Connect provider over real HTTP: discovery, keys, code flow with PKCE. */
export async function startIdentityProvider(client: {
  id: string;
  secret: string;
}): Promise<IdentityProvider> {
  const ours = await generateKeyPair('RS256');
  const foreign = await generateKeyPair('RS256');
  const codes = new Map<string, { nonce: string; challenge: string; redirectUri: string }>();
  const provider: IdentityProvider = {
    issuer: '',
    claims: {},
    bend: {},
    agree: (authorizeUrl) => {
      const query = new URL(authorizeUrl).searchParams;
      const code = randomBytes(16).toString('hex');
      const redirectUri = query.get('redirect_uri') ?? '';
      codes.set(code, {
        nonce: query.get('nonce') ?? '',
        challenge: query.get('code_challenge') ?? '',
        redirectUri,
      });
      const back = new URL(redirectUri);
      back.searchParams.set('code', code);
      back.searchParams.set('state', query.get('state') ?? '');
      back.searchParams.set('iss', provider.issuer);
      return back;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };

  const token = async (form: URLSearchParams): Promise<[number, unknown]> => {
    const known = codes.get(form.get('code') ?? '');
    codes.delete(form.get('code') ?? '');
    const challenge = await crypto.subtle
      .digest('SHA-256', new TextEncoder().encode(form.get('code_verifier') ?? ''))
      .then((hash) => Buffer.from(hash).toString('base64url'));
    if (!known || known.redirectUri !== form.get('redirect_uri') || known.challenge !== challenge)
      return [400, { error: 'invalid_grant' }];
    const { bend, claims } = provider;
    provider.bend = {};
    const idToken = await new SignJWT({ nonce: bend.nonce ?? known.nonce, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .setIssuer(provider.issuer)
      .setSubject('somebody')
      .setAudience(bend.audience ?? client.id)
      .setIssuedAt()
      .setExpirationTime('5 minutes')
      .sign((bend.foreignKey ? foreign : ours).privateKey);
    return [200, { access_token: 'a', token_type: 'bearer', expires_in: 60, id_token: idToken }];
  };

  const answer = async (method: string, path: string, body: string): Promise<[number, unknown]> => {
    if (path === '/.well-known/openid-configuration') {
      return [
        200,
        {
          issuer: provider.issuer,
          authorization_endpoint: `${provider.issuer}/authorize`,
          token_endpoint: `${provider.issuer}/token`,
          jwks_uri: `${provider.issuer}/keys`,
          token_endpoint_auth_methods_supported: ['client_secret_post'],
          id_token_signing_alg_values_supported: ['RS256'],
        },
      ];
    }
    if (path === '/keys')
      return [200, { keys: [{ ...(await exportJWK(ours.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }] }];
    if (method === 'POST' && path === '/token') {
      const form = new URLSearchParams(body);
      if (form.get('client_id') !== client.id || form.get('client_secret') !== client.secret)
        return [401, { error: 'invalid_client' }];
      return token(form);
    }
    return [404, {}];
  };

  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const [status, json] = await answer(request.method ?? '', request.url ?? '', body);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  provider.issuer = `http://localhost:${(server.address() as AddressInfo).port}`;
  return provider;
}
