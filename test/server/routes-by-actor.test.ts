import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { holds, PERMISSIONS } from '../../src/model/role.ts';
import type { Route } from '../../src/server/route.ts';
import { routes } from '../../src/server/routes.ts';
import { addApiToken } from '../../src/store/api-tokens.ts';
import { addAudit } from '../../src/store/audit.ts';
import { saveConnection } from '../../src/store/connections.ts';
import { requestRun } from '../../src/store/runs.ts';
import { addSignInLink } from '../../src/store/sign-in-links.ts';
import { createTenant } from '../../src/store/tenant.ts';
import { type ServerRig, startServer, type Visitor } from './rig.ts';

/** Stands in everything of the first company that has a name: it may be seen by nobody else. */
const CANARY = 'canary-7f3e';
/** A stream of events does not end by itself. */
const READ_MS = 1_500;

let rig: ServerRig;
let viewer: Visitor;
let admin: Visitor;
let stranger: Visitor;
/** Ids of the first company, of every kind there is. */
let ids: string[];

beforeAll(async () => {
  rig = await startServer({ parts: { isUnlimited: true } });
  const { pool, tenant } = rig.database;
  await pool.query('update app.tenant set name = $2 where id = $1', [tenant.id, `Company ${CANARY}`]);
  viewer = await rig.visitor('viewer');
  admin = await rig.visitor('admin');
  await pool.query(`update app.account set name = $1`, [CANARY]);
  const other = await createTenant(pool, { id: 't2', name: 'Other' });
  stranger = await rig.visitor('admin', other);
  const connection = await saveConnection(
    pool,
    tenant,
    rig.parts.store.keys,
    {
      id: 'connection-1',
      system: 'csv',
      name: CANARY,
      accountId: CANARY,
      config: { folder: `/tmp/${CANARY}` },
    },
    null,
  );
  const { token } = await addApiToken(pool, tenant, {
    name: CANARY,
    permissions: ['read'],
    createdBy: CANARY,
    days: 1,
  });
  await addSignInLink(pool, {
    tenantId: tenant.id,
    email: `${CANARY}@example.com`,
    role: 'viewer',
    createdBy: CANARY,
    hours: 1,
  });
  await addAudit(pool, tenant, { actor: CANARY, action: 'connection.disconnected', subject: CANARY });
  const { run } = await requestRun(pool, tenant, { asOf: new Date(), requestedBy: CANARY });
  const { rows: accounts } = await pool.query<{ id: string }>(
    'select account_id as id from app.member where tenant_id = $1',
    [tenant.id],
  );
  const { rows: links } = await pool.query<{ id: string }>(
    `select encode(hash, 'hex') as id from app.sign_in_link`,
  );
  ids = [connection.id, token.id, run.id, ...accounts.map(({ id }) => id), ...links.map(({ id }) => id)];
});
afterAll(() => rig.close());

const all: readonly Route[] = routes as readonly unknown[] as readonly Route[];
const unsafe = all.filter(({ method }) => method !== 'GET');
const named = (list: readonly Route[]) =>
  list.map((route) => [`${route.method} ${route.path}`, route] as const);

/** The address of a route with something in the place of each parameter. */
const fill = (path: string, value: string) => path.replace(/:\w+/g, encodeURIComponent(value));

/** As a browser on our own page would ask, or otherwise where `headers` say so. */
async function ask(
  as: Visitor | null,
  { method, path }: Route,
  options: { value?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<{ status: number; text: string; headers: Headers }> {
  const { value = randomUUID(), body, headers = {} } = options;
  const response = await fetch(rig.url + fill(path, value), {
    method,
    redirect: 'manual',
    headers: {
      ...(as && { cookie: as.cookie }),
      ...(as && method !== 'GET' && { 'x-csrf-token': as.csrf, origin: rig.parts.publicUrl }),
      ...(method !== 'GET' && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(method !== 'GET' && { body: JSON.stringify(body ?? {}) }),
  });
  const stop = setTimeout(() => void response.body?.cancel().catch(() => undefined), READ_MS);
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (response.headers.get('content-type')?.includes('event-stream')) break;
  }
  clearTimeout(stop);
  return { status: response.status, text, headers: response.headers };
}

/** Everything of the first company outside its schema, and how much is in it. */
async function snapshot(): Promise<unknown> {
  const { pool, tenant } = rig.database;
  const read = async (sql: string) => (await pool.query(sql, [tenant.id])).rows;
  return {
    tenant: await read('select * from app.tenant where id = $1'),
    members: await read('select * from app.member where tenant_id = $1 order by account_id'),
    connections: await read('select * from app.connection where tenant_id = $1 order by id'),
    tokens: await read('select id, name, revoked_at from app.api_token where tenant_id = $1 order by id'),
    links: await read('select hash, used_at from app.sign_in_link where tenant_id = $1 order by hash'),
    audit: await read('select count(*) from app.audit where tenant_id = $1'),
    runs: (await pool.query(`select id, state, cancel_requested from ${tenant.schema}.run order by id`)).rows,
    definitions: (await pool.query(`select key, version, state from ${tenant.schema}.segmentation`)).rows,
  };
}

describe.each(named(all))('%s', (_name, route) => {
  it('answers nobody who is not signed in', async () => {
    const { status, text, headers } = await ask(null, route);
    expect(status).toBe(401);
    expect(z.object({ code: z.string() }).parse(JSON.parse(text)).code).toBe('not_signed_in');
    expect(headers.get('content-type')).toMatch('application/problem+json');
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('answers a made-up token, and one of another kind, with nothing', async () => {
    for (const authorization of [`Bearer ${'x'.repeat(43)}`, `Basic ${btoa('admin:admin')}`]) {
      const { status } = await ask(null, route, { headers: { authorization } });
      expect(status).toBe(401);
    }
  });

  if (!holds(PERMISSIONS.viewer, route.may)) {
    it('refuses a viewer', async () => {
      const { status, text } = await ask(viewer, route);
      expect(status).toBe(403);
      expect(text).not.toContain(CANARY);
    });
  }

  it('shows another company’s admin nothing of this one, by any id, and changes nothing', async () => {
    const before = await snapshot();
    for (const value of route.path.includes(':') ? ids : ['']) {
      const { status, text } = await ask(stranger, route, { value });
      expect(status, text).toBeLessThan(500);
      expect(text).not.toContain(CANARY);
    }
    expect(await snapshot()).toEqual(before);
  });
});

describe.each(named(unsafe))('%s', (_name, route) => {
  it.each([
    ['no token', { 'x-csrf-token': '' }],
    ['somebody else’s token', { 'x-csrf-token': 'x'.repeat(43) }],
    ['a foreign origin', { origin: 'https://evil.example' }],
    ['no known origin', { origin: 'null' }],
    ['a cross-site fetch', { 'sec-fetch-site': 'cross-site' }],
    ['a form', { 'x-csrf-token': '', 'content-type': 'text/plain' }],
  ])('refuses a request with %s', async (_what, headers) => {
    const { status, text } = await ask(admin, route, { headers });
    expect(status).toBe(403);
    expect(text).toContain('foreign_page');
  });

  it('takes no field that it does not name', async () => {
    const before = await snapshot();
    const body = { tenant_id: 't2', tenantId: 't2', role: 'admin', id: 'x', isAdmin: true, __proto__: {} };
    const { status, text } = await ask(admin, route, { body });
    expect(status, text).toBe(400);
    expect(await snapshot()).toEqual(before);
  });

  it('names what it does in the audit log, unless it only asks', () => {
    // A question changes nothing; the answer may be for those alone who build.
    if (route.asks) expect(['read', 'edit']).toContain(route.may);
    else expect(route.action).toMatch(/^[a-z_]+(\.[a-z_]+)+$/);
  });
});
