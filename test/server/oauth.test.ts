import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { preflight } from '../../src/pipeline/connection/preflight.ts';
import { askCrm } from '../../src/server/ask-crm.ts';
import { returnPath } from '../../src/server/return-paths.ts';
import { listConnections } from '../../src/store/connections.ts';
import { createTenant } from '../../src/store/tenant.ts';
import { Browser } from './browser.ts';
import { authorise, backFrom, connect, type OAuthRig, secrets, startOAuthServer } from './oauth-rig.ts';
import type { Visitor } from './rig.ts';

let rig: OAuthRig;
let admin: Visitor;

beforeAll(async () => {
  rig = await startOAuthServer();
  admin = await rig.visitor('admin');
});
afterAll(() => rig.close());
beforeEach(() => rig.database.pool.query('delete from app.connection'));

describe('connecting a CRM in the browser', () => {
  it.each(['hubspot', 'salesforce'])('%s goes from a click to a checked connection', async (system) => {
    const browser = new Browser(rig, admin);
    const back = await authorise(browser, admin, system, { mode: 'test', returnTo: '/setup' });
    expect(back.pathname).toBe(`/oauth/${system}/callback`);
    const done = await browser.visit(back.href);
    expect(done.status).toBe(303);
    const [connection] = await listConnections(rig.database.pool, rig.database.tenant);
    expect(done.headers.get('location')).toBe(`/setup?connected=${connection?.id}`);
    expect(connection).toMatchObject({ system, mode: 'test', state: 'connected' });
    const list = await (await rig.ask(admin, 'GET', '/api/connections')).json();
    expect(list).toMatchObject({
      items: [{ id: connection?.id, systemName: system === 'hubspot' ? 'HubSpot' : 'Salesforce' }],
      systems: [{ key: 'hubspot', isReady: true }, { key: 'salesforce' }],
    });
    const answer = await rig.ask(admin, 'GET', `/api/connections/${connection?.id}/checks`);
    const checks = z.object({ items: z.array(z.unknown()) }).parse(await answer.json());
    expect(checks.items).toContainEqual(expect.objectContaining({ code: 'scopes', ok: true }));
    expect(checks.items.length).toBeGreaterThan(3);
  });

  it('again renews the token and keeps the id, the name and the mode', async () => {
    const id = await connect(rig, admin, 'hubspot');
    await rig.ask(admin, 'PATCH', `/api/connections/${id}`, { name: 'Our portal', rank: 3 });
    const browser = new Browser(rig, admin);
    const back = await authorise(browser, admin, 'hubspot', { connectionId: id, mode: 'test' });
    const done = await browser.visit(back.href);
    expect(done.headers.get('location')).toBe(`/connections?connected=${id}`);
    expect(await listConnections(rig.database.pool, rig.database.tenant)).toMatchObject([
      { id, name: 'Our portal', rank: 3, mode: 'production' },
    ]);
  });

  it('tells to begin again while the CRM is down: nothing does it by itself', async () => {
    const browser = new Browser(rig, admin);
    const back = await authorise(browser, admin, 'hubspot');
    rig.hubspot.faults.replace({
      rules: [{ match: 'token', times: 9, fault: { kind: 'status', status: 503 } }],
    });
    const page = await browser.visit(back.href);
    rig.hubspot.faults.replace({});
    expect(page.status).toBe(502);
    const html = await page.text();
    expect(html).toContain('Nothing was changed here: begin again in a few minutes.');
    expect(html).not.toContain('we try again');
    expect(await secrets(rig)).toBe(0);
  });

  it('tells who waits for a CRM that does not answer so, in time, with what to do', async () => {
    const id = await connect(rig, admin, 'hubspot');
    const asked = { tenant: rig.database.tenant, connectionId: id, asOf: new Date(), longestWaitMs: 300 };
    const look = () =>
      askCrm(rig.parts, { ...asked, signal: new AbortController().signal }, (open) =>
        preflight(rig.database.pool, rig.database.tenant, open),
      );
    const silent = {
      code: 'crm_silent',
      message: expect.stringMatching(/^HubSpot account .* does not answer/),
    };
    rig.hubspot.faults.replace({ rules: [{ times: 99, fault: { kind: 'latency', ms: 2_000 } }] });
    await expect(look()).rejects.toMatchObject(silent);
    rig.hubspot.faults.replace({ rules: [{ times: 99, fault: { kind: 'status', status: 503 } }] });
    await expect(look()).rejects.toMatchObject(silent);
    rig.hubspot.faults.replace({});
    asked.longestWaitMs = 60_000;
    expect((await look()).length).toBeGreaterThan(3);
  });

  it('says what the CRM said when access is not allowed, as text', async () => {
    const browser = new Browser(rig, admin);
    const back = await authorise(browser, admin, 'hubspot');
    back.searchParams.delete('code');
    back.searchParams.set('error', 'access_denied');
    back.searchParams.set('error_description', '<script>alert(1)</script>"\'&');
    const page = await browser.visit(back.href);
    const html = await page.text();
    expect(page.status).toBe(502);
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;');
    expect(html).not.toContain('<script>');
    expect(html).toContain('href="/connections"');
    expect(await secrets(rig)).toBe(0);
  });

  it('refuses an account that another company has connected', async () => {
    const id = await connect(rig, admin, 'hubspot');
    const other = await createTenant(rig.database.pool, { id: 't2', name: 'Other' });
    const stranger = await rig.visitor('admin', other);
    const browser = new Browser(rig, stranger);
    const back = await authorise(browser, stranger, 'hubspot');
    const page = await browser.visit(back.href);
    expect(page.status).toBe(409);
    expect(await page.text()).toContain('connected to another company');
    expect(await listConnections(rig.database.pool, other)).toEqual([]);
    expect(await listConnections(rig.database.pool, rig.database.tenant)).toMatchObject([{ id }]);
  });

  it.each([
    ['https://evil.example'],
    ['evil.my.salesforce.com.evil.io'],
    ['my.salesforce.com@evil.io'],
    ['127.0.0.1:8080'],
    ['http://localhost'],
    ['169.254.169.254'],
    ['[::1]'],
    ['a.my.salesforce.com:8443'],
    ['a.my.salesforce.com/evil'],
    ['a.b.c.my.salesforce.com'],
    ['-.my.salesforce.com'],
    ['xmy.salesforce.com'],
  ])('goes to no host like %s', async (host) => {
    const answer = await rig.ask(admin, 'POST', '/api/connections/salesforce/authorize', { host });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: 'host_not_allowed' });
  });

  it.each([
    ['sandbox', 'https://test.salesforce.com'],
    ['acme.my.salesforce.com', 'https://acme.my.salesforce.com'],
    ['https://acme--uat.sandbox.my.salesforce.com/', 'https://acme--uat.sandbox.my.salesforce.com'],
  ])('goes to the org at %s', async (host, origin) => {
    const answer = await rig.ask(admin, 'POST', '/api/connections/salesforce/authorize', { host });
    const { url } = z.object({ url: z.url() }).parse(await answer.json());
    expect(new URL(url).origin).toBe(origin);
    expect(new URL(url).searchParams.get('code_challenge_method')).toBe('S256');
  });
});

/** What comes back, turned into what should not: each must store nothing. */
type Twist = (given: { back: URL; browser: Browser; system: string }) => Promise<Response>;
const twists: Record<string, Twist> = {
  'in another browser': ({ back }) => new Browser(rig, admin).visit(back.href),
  'in a browser that began another one': async ({ back, system }) => {
    const other = new Browser(rig, admin);
    await authorise(other, admin, system);
    return other.visit(back.href);
  },
  'with nobody signed in': async ({ back, browser }) => {
    const out = new Browser(rig, { email: '', csrf: '', cookie: `oauth=${browser.cookie('oauth')}` });
    return out.visit(back.href);
  },
  'with somebody else signed in': async ({ back, browser }) => {
    const { cookie } = await rig.visitor('admin');
    return fetch(back, {
      redirect: 'manual',
      headers: { cookie: `${cookie}; oauth=${browser.cookie('oauth')}` },
    });
  },
  'to somebody who is no admin any more': async ({ back, browser }) => {
    const { pool } = rig.database;
    const set = (role: string) =>
      pool.query(
        'update app.member set role = $1 where account_id = (select id from app.account where email = $2)',
        [role, admin.email],
      );
    await set('revops');
    const answer = await browser.visit(back.href);
    await set('admin');
    return answer;
  },
  'with no state': ({ back, browser }) => {
    back.searchParams.delete('state');
    return browser.visit(back.href);
  },
  'with an unknown state': ({ back, browser }) => {
    back.searchParams.set('state', 'x'.repeat(43));
    return browser.visit(back.href);
  },
  'with two states': ({ back, browser }) => {
    back.searchParams.append('state', 'x'.repeat(43));
    return browser.visit(back.href);
  },
  'with a long state': ({ back, browser }) => {
    back.searchParams.set('state', 'x'.repeat(5_000));
    return browser.visit(back.href);
  },
  'after ten minutes': async ({ back, browser }) => {
    await rig.database.pool.query(`update app.oauth_state set expires_at = now() - interval '1 second'`);
    return browser.visit(back.href);
  },
  'at the other CRM’s address': ({ back, browser, system }) => {
    back.pathname = `/oauth/${system === 'hubspot' ? 'salesforce' : 'hubspot'}/callback`;
    return browser.visit(back.href);
  },
  'at the identity provider’s address': ({ back, browser }) => {
    back.pathname = '/oauth/oidc/callback';
    return browser.visit(back.href);
  },
  'with no code': ({ back, browser }) => {
    back.searchParams.delete('code');
    return browser.visit(back.href);
  },
  'with a code of nobody’s': ({ back, browser }) => {
    back.searchParams.set('code', 'made-up');
    return browser.visit(back.href);
  },
  'with another authorisation’s state': async ({ back, browser, system }) => {
    const second = await authorise(browser, admin, system);
    await rig.database.pool.query(
      `update app.oauth_state set expires_at = now() - interval '1 second'
       where created_at = (select max(created_at) from app.oauth_state)`,
    );
    back.searchParams.set('state', second.searchParams.get('state') ?? '');
    return browser.visit(back.href);
  },
};

describe('an answer that is not what this browser began stores no token', () => {
  const cases = ['hubspot', 'salesforce'].flatMap((system) =>
    Object.entries(twists).map(([name, twist]) => ({ system, name, twist })),
  );
  it.each(cases)('$system: $name', async ({ system, twist }) => {
    const browser = new Browser(rig, admin);
    const back = await authorise(browser, admin, system);
    const answer = await twist({ back, browser, system });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(503);
    expect(answer.headers.get('location')).toBeNull();
    expect(await secrets(rig)).toBe(0);
  });

  it.each(['hubspot', 'salesforce'])(
    '%s: the same answer again, as a double click, does nothing',
    async (system) => {
      const browser = new Browser(rig, admin);
      const back = await authorise(browser, admin, system);
      const before = exchanges(system);
      const [first, second] = await Promise.all([browser.visit(back.href), browser.visit(back.href)]);
      const third = await browser.visit(back.href);
      expect([first.status, second.status, third.status]).toEqual([303, 303, 303]);
      expect(third.headers.get('location')).toBe('/connections');
      expect(exchanges(system) - before).toBe(1);
      expect(await secrets(rig)).toBe(1);
    },
  );
});

/** How often a token was asked for. */
function exchanges(system: string): number {
  if (system === 'hubspot') return rig.hubspot.journal.totals().endpoints['oauth token'] ?? 0;
  return rig.salesforce.journal.totals().endpoints.token ?? 0;
}

describe('where the browser is sent afterwards', () => {
  it.each([
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/connections/../../evil',
    '/connections?next=https://evil.example',
    'javascript:alert(1)',
    '/%2f%2fevil.example',
    ' /connections',
    '/connections\r\nset-cookie: a=b',
    'connections',
    '/oauth/hubspot/callback',
  ])('is one of our pages, whatever was asked: %j', (returnTo) => {
    expect(returnPath(returnTo)).toBe('/');
  });

  it('is the page that was asked for, where it is one of ours', () => {
    expect(returnPath('/setup')).toBe('/setup');
  });

  it('is never another origin', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.webUrl(),
          fc.webUrl().map((url) => url.slice(6)),
        ),
        (asked) => {
          expect(new URL(returnPath(asked), 'https://us.example').origin).toBe('https://us.example');
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('installing from the marketplace with nobody signed in', () => {
  const install = async (browser = new Browser(rig)) => {
    const begun = await browser.visit('/install/hubspot');
    const back = backFrom(await fetch(backFrom(begun), { redirect: 'manual' }));
    return { browser, done: await browser.visit(back.href) };
  };
  const session = async (browser: Browser) =>
    z
      .object({ name: z.string(), role: z.string(), tenant: z.object({ id: z.string() }) })
      .parse(
        await (await rig.ask({ email: '', csrf: '', cookie: browser.cookies }, 'GET', '/api/session')).json(),
      );

  it('makes a company for a new account and its installer the admin, and knows them again', async () => {
    const { browser, done } = await install();
    expect(done.headers.get('location')).toMatch(/^\/setup\?connected=/);
    const first = await session(browser);
    expect(first).toMatchObject({ name: 'admin@sandbox.example', role: 'admin' });
    expect(first.tenant.id).not.toBe('t1');
    const again = await install();
    expect(await session(again.browser)).toMatchObject({ tenant: { id: first.tenant.id }, role: 'admin' });
    expect(await secrets(rig)).toBe(1);
  });

  it('makes one company where a new account comes twice at the same moment', async () => {
    const companies = async () => (await rig.database.pool.query('select from app.tenant')).rowCount;
    const before = await companies();
    const ways = await Promise.all(
      [1, 2, 3].map(async () => {
        const browser = new Browser(rig);
        const begun = await browser.visit('/install/hubspot');
        return { browser, back: backFrom(await fetch(backFrom(begun), { redirect: 'manual' })) };
      }),
    );
    const done = await Promise.all(ways.map(({ browser, back }) => browser.visit(back.href)));
    const statuses = done.map(({ status }) => status);
    expect(statuses).toContain(303);
    expect(statuses.every((status) => status === 303 || status === 409)).toBe(true);
    expect(await companies()).toBe(before + 1);
    expect(await secrets(rig)).toBe(1);
    expect((await install()).done.headers.get('location')).toMatch(/^\/setup\?connected=/);
  });

  it('lets nobody in who has rights in the CRM only', async () => {
    const id = await connect(rig, admin, 'hubspot');
    const before = await rig.database.pool.query('select secret from app.connection where id = $1', [id]);
    const { browser, done } = await install();
    expect(done.status).toBe(403);
    expect(await done.text()).toContain(admin.email);
    expect(browser.cookie('session')).toBeUndefined();
    expect(await rig.database.pool.query('select secret from app.connection where id = $1', [id])).toEqual(
      before,
    );
  });

  it('leaves nothing behind where the account can’t be read', async () => {
    const tenants = async () => (await rig.database.pool.query('select id from app.tenant order by id')).rows;
    const before = await tenants();
    const browser = new Browser(rig);
    const begun = await browser.visit('/install/hubspot');
    const back = backFrom(await fetch(backFrom(begun), { redirect: 'manual' }));
    back.searchParams.set('code', 'made-up');
    expect((await browser.visit(back.href)).status).toBe(502);
    expect(await tenants()).toEqual(before);
  });
});
