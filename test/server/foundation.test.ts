import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { safeCell } from '../../src/server/csv.ts';
import { openApiDocument } from '../../src/server/openapi.ts';
import { routes } from '../../src/server/routes.ts';
import { addSignInLink } from '../../src/store/sign-in-links.ts';
import { createTenant } from '../../src/store/tenant.ts';
import { type ServerRig, startServer, type Visitor } from './rig.ts';

let rig: ServerRig;
let revops: Visitor;
let viewer: Visitor;

beforeAll(async () => {
  rig = await startServer();
  revops = await rig.visitor('revops');
  viewer = await rig.visitor('viewer');
});
afterAll(() => rig.close());

describe('every endpoint', () => {
  it('knows its caller by the session', async () => {
    const answer = await rig.ask(revops, 'GET', '/api/session');
    expect(await answer.json()).toMatchObject({
      name: revops.email,
      role: 'revops',
      permissions: ['read', 'edit', 'approve'],
      tenant: { id: 't1' },
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('answers a problem with what to do to nobody', async () => {
    const answer = await rig.ask(null, 'GET', '/api/session');
    expect(answer.status).toBe(401);
    expect(answer.headers.get('content-type')).toMatch('application/problem+json');
    expect(await answer.json()).toMatchObject({ code: 'not_signed_in', action: 'Sign in and try again.' });
  });

  it('refuses what the role may not do, and writes the attempt down', async () => {
    const answer = await rig.ask(viewer, 'POST', '/api/runs', {});
    expect(answer.status).toBe(403);
    const { rows } = await rig.database.pool.query(`select action, after from app.audit where actor = $1`, [
      viewer.email,
    ]);
    expect(rows).toEqual([{ action: 'run.start', after: { refused: true } }]);
  });

  it.each([
    ['no token', { 'x-csrf-token': '' }],
    ['another session’s token', { 'x-csrf-token': 'x'.repeat(43) }],
    ['a foreign origin', { origin: 'https://evil.example' }],
    ['a cross-site fetch', { 'sec-fetch-site': 'cross-site' }],
  ])('refuses an unsafe request with %s', async (_what, headers) => {
    const answer = await rig.ask(revops, 'POST', '/api/runs', {}, headers);
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ code: 'foreign_page' });
  });

  it.each([
    ['an unknown field', { dryRun: true, tenant_id: 't2' }, 'fields_invalid'],
    ['a wrong type', { dryRun: 'yes' }, 'fields_invalid'],
    ['half a document', '{"dryRun": tr', 'body_unreadable'],
    ['a large one', JSON.stringify({ dryRun: 'x'.repeat(1_100_000) }), 'body_too_large'],
    ['a NUL in a text', { segmentations: ['a\u0000b'] }, 'text_unreadable'],
    ['half a sign in a text', '{"segmentations": ["\\ud800"]}', 'text_unreadable'],
    ['a NUL in a name', { 'a\u0000': true }, 'text_unreadable'],
    ['a deep one', `${'{"a":'.repeat(30)}1${'}'.repeat(30)}`, 'body_too_deep'],
  ])('refuses %s and says what to mend', async (_what, body, code) => {
    const answer = await rig.ask(revops, 'POST', '/api/runs', body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code, status: 400 });
  });

  it.each(['/api/segmentations/a%00b', '/api/customers?subject=person&search=a%00b'])(
    'refuses a NUL in an address: %s',
    async (path) => {
      const answer = await rig.ask(revops, 'GET', path);
      expect(await answer.json()).toMatchObject({ code: 'text_unreadable', status: 400 });
    },
  );

  it('keeps the answer under an Idempotency-Key from other people and other companies', async () => {
    const headers = { 'idempotency-key': 'of-one' };
    const start = (as: Visitor) => rig.ask(as, 'POST', '/api/runs', { dryRun: true }, headers);
    const own = z.object({ id: z.string() }).parse(await (await start(revops)).json());
    const colleague = await start(await rig.visitor('revops'));
    expect([colleague.status, await colleague.text()]).not.toContain(own.id);
    expect(colleague.status).toBe(409);
    const other = await createTenant(rig.database.pool, { id: 't2', name: 'Another company' });
    const elsewhere = await start(await rig.visitor('revops', other));
    expect(elsewhere.headers.get('idempotent-replayed')).toBeNull();
  });

  it('starts work once for one Idempotency-Key', async () => {
    const headers = { 'idempotency-key': 'k1' };
    const first = await rig.ask(revops, 'POST', '/api/runs', { dryRun: true }, headers);
    const again = await rig.ask(revops, 'POST', '/api/runs', { dryRun: true }, headers);
    expect([first.status, again.status]).toEqual([202, 202]);
    expect(await again.json()).toEqual(await first.json());
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    const other = await rig.ask(revops, 'POST', '/api/runs', { dryRun: false }, headers);
    expect(other.status).toBe(409);
  });

  it('says of something that may have several forms what each of them lacks', async () => {
    const admin = await rig.visitor('admin');
    const answer = await rig.ask(admin, 'POST', '/api/undo/preview', { run: '1' });
    expect(await answer.json()).toMatchObject({
      code: 'fields_invalid',
      detail: expect.stringMatching(/runId: .+, or targetId: /),
    });
  });

  it('asks for the version that is changed, and says in its description where', async () => {
    const admin = await rig.visitor('admin');
    const asked = routes.filter(({ needsTag }) => needsTag);
    const { paths } = openApiDocument('http://localhost', routes);
    for (const { method, path } of asked) {
      const body = method === 'PUT' ? { text: 'key: shop' } : undefined;
      const answer = await rig.ask(admin, method, path.replace(':key', 'shop'), body);
      expect(await answer.json(), path).toMatchObject({ code: 'if_match_missing' });
    }
    const described = Object.values(paths ?? {}).flatMap((methods) =>
      Object.values(methods).filter((operation) => JSON.stringify(operation).includes('"If-Match"')),
    );
    expect([asked.length, described.length]).toEqual([4, 4]);
  });

  it('describes itself', async () => {
    const document = await (await rig.ask(null, 'GET', '/openapi.json')).json();
    expect(document).toMatchObject({ openapi: '3.1.0', paths: { '/api/runs': { post: {} } } });
    const page = await rig.ask(null, 'GET', '/api');
    expect(page.headers.get('content-type')).toMatch('text/html');
    expect(await page.text()).toMatch(/POST<\/span> <code>\/api\/runs<\/code>\s+Start a run/);
  });
});

describe('a sign-in link', () => {
  it('signs in once', async () => {
    const token = await addSignInLink(rig.database.pool, {
      tenantId: 't1',
      email: 'New@Example.com',
      role: 'viewer',
      createdBy: 'test',
      hours: 1,
    });
    // What looks into mail before its reader does must not use the link up.
    const looked = await rig.ask(null, 'GET', `/sign-in/link?token=${token}`);
    expect([looked.status, looked.headers.get('set-cookie')]).toEqual([200, null]);
    const press = (headers: Record<string, string> = {}) =>
      rig.ask(null, 'POST', '/sign-in/link', `token=${token}`, {
        'content-type': 'application/x-www-form-urlencoded',
        ...headers,
      });
    expect((await press({ origin: 'https://evil.example' })).status).toBe(403);
    const first = await press();
    expect(first.headers.get('location')).toBe('/');
    const cookie = (first.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const session = await rig.ask({ email: '', cookie, csrf: '' }, 'GET', '/api/session');
    expect(await session.json()).toMatchObject({ name: 'new@example.com', role: 'viewer' });
    const second = await press();
    expect(second.headers.get('location')).toBe('/sign-in?problem=link_used');
    expect(second.headers.get('set-cookie')).toBeNull();
  });

  it('ends with sign-out', async () => {
    const visitor = await rig.visitor('viewer');
    expect((await rig.ask(visitor, 'POST', '/sign-out')).status).toBe(204);
    expect((await rig.ask(visitor, 'GET', '/api/session')).status).toBe(401);
  });
});

describe('a cell of a download', () => {
  it.each(['=1+1', '+1', '-1+1', '@SUM(1)', '\t=1', '\r=1', '\n=1', '\0=1', '＝1+1', '＠SUM(1)'])(
    'is text to a spreadsheet: %j',
    (text) => expect(safeCell(text)).toBe(`'${text}`),
  );
  it.each(['-5', '-5.25', 'a=1', ''])('stays as it is where it is no formula: %j', (text) =>
    expect(safeCell(text)).toBe(text),
  );
  it.each([
    [['gold', 'new'], 'gold; new'],
    [new Date('2026-07-01T10:00:00Z'), '2026-07-01T10:00:00.000Z'],
    [null, ''],
    [undefined, ''],
    [0, '0'],
    [false, 'false'],
  ])('writes %j as %j', (value, text) => expect(safeCell(value)).toBe(text));
});
