import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addSignInLink } from '../../src/store/sign-in-links.ts';
import { type ServerRig, startServer } from './rig.ts';

let rig: ServerRig;
beforeAll(async () => {
  rig = await startServer({ parts: { publicUrl: 'https://segments.example.com' } });
});
afterAll(() => rig.close());

const link = (one: ServerRig) =>
  addSignInLink(one.database.pool, {
    tenantId: 't1',
    email: 'somebody@example.com',
    role: 'viewer',
    createdBy: 'test',
    hours: 1,
  });

describe('behind HTTPS', () => {
  it('a session lives in a cookie that no script reads and no other site or sub-domain sets', async () => {
    const answer = await rig.ask(null, 'POST', '/sign-in/link', `token=${await link(rig)}`, {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^__Host-session=[\w-]{43}; Max-Age=604800; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
      ),
    ]);
  });

  it('is not found under the plain name', async () => {
    const visitor = await rig.visitor('viewer');
    expect((await rig.ask(visitor, 'GET', '/api/session')).status).toBe(200);
    const plain = { ...visitor, cookie: visitor.cookie.replace('__Host-', '') };
    expect((await rig.ask(plain, 'GET', '/api/session')).status).toBe(401);
  });

  it.each([
    '/api/session',
    '/healthz',
    '/openapi.json',
    '/nothing',
    '/sign-in/link',
    '/oauth/hubspot/callback',
  ])('every answer is guarded: %s', async (path) => {
    const { headers } = await rig.ask(null, 'GET', path);
    const policy = headers.get('content-security-policy') ?? '';
    expect({
      transport: headers.get('strict-transport-security'),
      sniff: headers.get('x-content-type-options'),
      opener: headers.get('cross-origin-opener-policy'),
      referrer: headers.get('referrer-policy'),
      poweredBy: headers.get('x-powered-by'),
      cors: headers.get('access-control-allow-origin'),
      policy: policy.replace(/'nonce-[^']+'/g, "'nonce'"),
    }).toEqual({
      transport: 'max-age=31536000',
      sniff: 'nosniff',
      opener: 'same-origin',
      referrer: path.startsWith('/oauth') ? 'no-referrer' : 'same-origin',
      poweredBy: null,
      cors: null,
      policy:
        "default-src 'none';script-src 'self' 'nonce';style-src 'self' 'nonce';style-src-attr 'unsafe-inline';" +
        "img-src 'self' data:;font-src 'self';connect-src 'self';form-action 'self';base-uri 'none';" +
        "frame-ancestors 'none';upgrade-insecure-requests",
    });
  });

  it('each page has a nonce of its own', async () => {
    const nonces = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const { headers } = await rig.ask(null, 'GET', '/healthz');
        return /'nonce-([^']+)'/.exec(headers.get('content-security-policy') ?? '')?.[1];
      }),
    );
    expect(new Set(nonces).size).toBe(20);
  });
});

describe('too many requests', () => {
  let counting: ServerRig;
  beforeAll(async () => {
    counting = await startServer();
  });
  afterAll(() => counting.close());

  /** Statuses of so many requests, one after the other. */
  const many = async (
    one: ServerRig,
    count: number,
    path: string,
    headers?: (n: number) => Record<string, string>,
  ) => {
    const statuses: number[] = [];
    let last: Response | undefined;
    for (let n = 0; n < count; n += 1) {
      last = await one.ask(null, 'GET', path, undefined, headers?.(n));
      statuses.push(last.status);
    }
    return { statuses, last };
  };

  it('at the doors are refused with when to come back, whatever address they claim', async () => {
    const path = '/sign-in/link?token=none';
    const { statuses, last } = await many(counting, 62, path, (n) => ({ 'x-forwarded-for': `10.0.0.${n}` }));
    expect(statuses.filter((status) => status === 303).length).toBe(60);
    expect(last?.status).toBe(429);
    expect(Number(last?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await last?.json()).toMatchObject({ code: 'too_many_requests' });
  });

  it('with tokens that are not good are refused; who is known is not slowed by them', async () => {
    const visitor = await counting.visitor('viewer');
    const { statuses } = await many(counting, 62, '/api/session', (n) => ({
      authorization: `Bearer guess-number-${n}`,
    }));
    expect(statuses.slice(0, 60)).toEqual(Array(60).fill(401));
    expect(statuses.at(-1)).toBe(429);
    expect((await counting.ask(visitor, 'GET', '/api/session')).status).toBe(200);
  });

  it('are counted by the address that the proxy in front tells', async () => {
    const proxied = await startServer({ env: { TRUST_PROXY: '1' } });
    try {
      const path = '/sign-in/link?token=none';
      const from = (address: string) => () => ({ 'x-forwarded-for': `203.0.113.9, ${address}` });
      expect((await many(proxied, 61, path, from('198.51.100.1'))).last?.status).toBe(429);
      expect((await many(proxied, 1, path, from('198.51.100.2'))).last?.status).toBe(303);
    } finally {
      await proxied.close();
    }
  });
});
