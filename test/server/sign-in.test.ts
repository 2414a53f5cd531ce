import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { offerFirstSignIn } from '../../src/server/first-sign-in.ts';
import { verifiedEmail } from '../../src/server/oidc.ts';
import { createTenant } from '../../src/store/tenant.ts';
import { Browser } from './browser.ts';
import { type IdentityProvider, startIdentityProvider } from './identity-provider.ts';
import { startMailServer } from './mail-server.ts';
import { backFrom, connect, type OAuthRig, startOAuthServer } from './oauth-rig.ts';
import type { Visitor } from './rig.ts';

const CLIENT = { id: 'us', secret: 'between-us' };

let provider: IdentityProvider;
let mail: Awaited<ReturnType<typeof startMailServer>>;
let rig: OAuthRig;
let admin: Visitor;

beforeAll(async () => {
  provider = await startIdentityProvider(CLIENT);
  mail = await startMailServer();
  rig = await startOAuthServer({
    env: {
      OIDC_ISSUER: provider.issuer,
      OIDC_CLIENT_ID: CLIENT.id,
      OIDC_CLIENT_SECRET: CLIENT.secret,
      OIDC_NAME: 'Our accounts',
      SMTP_URL: mail.url,
    },
  });
  admin = await rig.visitor('admin');
});
afterAll(async () => {
  await rig.close();
  await provider.stop();
  await mail.stop();
});

const Session = z.object({ name: z.string(), role: z.string(), tenant: z.object({ id: z.string() }) });

/** Who a browser is signed in as; null for nobody. */
async function who(browser: Browser): Promise<z.infer<typeof Session> | null> {
  const answer = await rig.ask({ email: '', csrf: '', cookie: browser.cookies }, 'GET', '/api/session');
  return answer.ok ? Session.parse(await answer.json()) : null;
}

const invite = (email: string, role = 'revops') =>
  rig.ask(admin, 'POST', '/api/invitations', { email, role });

const Link = z.object({ link: z.url(), mailed: z.boolean() });

describe('an invitation', () => {
  it('is mailed, lets in once, and gives the role that an admin chose', async () => {
    const answer = await invite('New.Person@Example.com', 'approver');
    expect(answer.status).toBe(201);
    const { link, mailed } = Link.parse(await answer.json());
    expect(mailed).toBe(true);
    const letter = mail.mails.at(-1);
    expect(letter?.to).toEqual(['new.person@example.com']);
    expect(letter?.text.replaceAll('=\n', '').replaceAll('=3D', '=')).toContain(link);
    const browser = new Browser(rig);
    await browser.takeLink(link);
    expect(await who(browser)).toMatchObject({ name: 'new.person@example.com', role: 'approver' });
    const second = new Browser(rig);
    await second.takeLink(link);
    expect(await who(second)).toBeNull();
  });

  it('is refused for who is here already, so that no link changes a role', async () => {
    expect((await invite(admin.email, 'viewer')).status).toBe(409);
  });

  it('counts no more once it was taken back', async () => {
    const { link } = Link.parse(await (await invite('back@example.com')).json());
    const People = z.object({ invitations: z.array(z.object({ id: z.string(), email: z.string() })) });
    const { invitations } = People.parse(await (await rig.ask(admin, 'GET', '/api/people')).json());
    const id = invitations.find(({ email }) => email === 'back@example.com')?.id;
    expect((await rig.ask(admin, 'DELETE', `/api/invitations/${id}`)).status).toBe(204);
    const browser = new Browser(rig);
    await browser.takeLink(link);
    expect(await who(browser)).toBeNull();
  });

  it('counts no more once a newer one was sent to the same address', async () => {
    const first = Link.parse(await (await invite('twice@example.com')).json());
    const second = Link.parse(await (await invite('Twice@Example.com', 'viewer')).json());
    const early = new Browser(rig);
    await early.takeLink(first.link);
    expect(await who(early)).toBeNull();
    const browser = new Browser(rig);
    await browser.takeLink(second.link);
    expect(await who(browser)).toMatchObject({ name: 'twice@example.com', role: 'viewer' });
  });

  it('asked for by e-mail goes to members only, with the same answer for everybody', async () => {
    const ask = (email: string) => rig.ask(null, 'POST', '/sign-in/email', { email });
    const before = mail.mails.length;
    const [member, stranger] = [await ask(admin.email), await ask('nobody@example.com')];
    expect([member.status, await member.text()]).toEqual([stranger.status, await stranger.text()]);
    await vi.waitFor(() => expect(mail.mails.length).toBe(before + 1), 30_000);
    expect(mail.mails.at(-1)?.to).toEqual([admin.email]);
    const foreign = await rig.ask(
      null,
      'POST',
      '/sign-in/email',
      { email: admin.email },
      { origin: 'https://evil.example' },
    );
    expect(foreign.status).toBe(403);
  });
});

describe('a mailbox', () => {
  it('is sent five links an hour at most, whoever asks', async () => {
    const { email } = await rig.visitor('viewer');
    const before = mail.mails.length;
    const asked = Array.from({ length: 7 }, () => rig.ask(null, 'POST', '/sign-in/email', { email }));
    for (const { status } of await Promise.all(asked)) expect(status).toBe(202);
    const sent = () => mail.mails.slice(before).filter(({ to }) => to.includes(email)).length;
    await vi.waitFor(() => expect(sent()).toBe(5), 30_000);
    // What was asked for last would be on its way by the time that another's is there.
    await rig.ask(null, 'POST', '/sign-in/email', { email: admin.email });
    await vi.waitFor(() => expect(mail.mails.at(-1)?.to).toEqual([admin.email]), 30_000);
    expect(sent()).toBe(5);
  });
});

describe('single sign-on', () => {
  const signIn = async (claims: Record<string, unknown>, browser = new Browser(rig)) => {
    provider.claims = claims;
    const begun = await browser.visit('/sign-in/oidc');
    const done = await browser.visit(provider.agree(backFrom(begun).href).href);
    return { browser, done };
  };

  it('lets a member in by a verified address, and ends the session that was there', async () => {
    const old = await rig.visitor('viewer');
    const browser = new Browser(rig, old);
    const { done } = await signIn({ email: admin.email.toUpperCase(), email_verified: true }, browser);
    expect([done.status, done.headers.get('location')]).toEqual([303, '/']);
    expect(await who(browser)).toMatchObject({ name: admin.email, role: 'admin' });
    expect((await rig.ask(old, 'GET', '/api/session')).status).toBe(401);
  });

  it('takes an invitation up', async () => {
    await invite('sso@example.com', 'viewer');
    const { browser } = await signIn({ email: 'sso@example.com', email_verified: true });
    expect(await who(browser)).toMatchObject({ name: 'sso@example.com', role: 'viewer' });
  });

  it.each([
    ['an address of nobody’s here', { email: 'stranger@example.com', email_verified: true }, {}],
    ['an address that is not verified', { email: 'ADMIN', email_verified: false }, {}],
    ['an address with no word on it', { email: 'ADMIN' }, {}],
    ['no address', {}, {}],
    ['a token for another browser', { email: 'ADMIN', email_verified: true }, { nonce: 'x'.repeat(43) }],
    ['a token for another app', { email: 'ADMIN', email_verified: true }, { audience: 'them' }],
    ['a token that somebody else signed', { email: 'ADMIN', email_verified: true }, { foreignKey: true }],
  ])('lets nobody in by %s', async (_what, claims, bend) => {
    provider.bend = bend;
    const { browser, done } = await signIn({
      ...claims,
      ...('email' in claims && { email: claims.email?.replace('ADMIN', admin.email) }),
    });
    expect(done.status).toBeGreaterThanOrEqual(400);
    expect(await who(browser)).toBeNull();
  });

  it('takes the word of one Microsoft organisation, of no other without a verified address', () => {
    const own = 'https://login.microsoftonline.com/0d1f2a3b-1111-2222-3333-444455556666/v2.0';
    expect(verifiedEmail(own, { preferred_username: 'Ann@Example.com' })).toBe('ann@example.com');
    for (const issuer of ['https://login.microsoftonline.com/common/v2.0', 'https://accounts.google.com'])
      expect(() => verifiedEmail(issuer, { email: 'ann@example.com' })).toThrow('does not vouch');
  });

  it('is offered beside the other ways', async () => {
    expect(await (await rig.ask(null, 'GET', '/api/sign-in-options')).json()).toEqual({
      oidc: { name: 'Our accounts', url: '/sign-in/oidc' },
      salesforce: { url: '/sign-in/salesforce' },
      email: true,
      install: { url: '/install/hubspot' },
    });
  });
});

describe('signing in by Salesforce', () => {
  const signIn = async () => {
    const browser = new Browser(rig);
    const begun = await browser.visit('/sign-in/salesforce');
    const back = backFrom(await fetch(backFrom(begun), { redirect: 'manual' }));
    return { browser, done: await browser.visit(back.href) };
  };

  it('counts only in companies that the org is connected to, for who was invited there', async () => {
    // The stand-in org's user. Known in a company that this org has nothing to do with:
    const other = await createTenant(rig.database.pool, { id: 't9', name: 'Other' });
    const theirs = await rig.visitor('admin', other);
    await rig.ask(theirs, 'POST', '/api/invitations', { email: 'integration@example.com', role: 'admin' });
    expect((await signIn()).done.status).toBe(401);
    await connect(rig, admin, 'salesforce');
    expect((await signIn()).done.status).toBe(401);
    await invite('integration@example.com', 'viewer');
    const { browser, done } = await signIn();
    expect(done.headers.get('location')).toBe('/');
    expect(await who(browser)).toMatchObject({ role: 'viewer', tenant: { id: 't1' } });
  });
});

describe('a session', () => {
  const rows = (email: string) =>
    rig.database.pool.query(
      `select s.hash from app.session s join app.account a on a.id = s.account_id where a.email = $1`,
      [email],
    );

  it('ends everywhere at once', async () => {
    const visitor = await rig.visitor('viewer');
    const { link } = Link.parse(
      await (await rig.ask(admin, 'POST', `/api/people/${await idOf(visitor)}/sign-in-link`)).json(),
    );
    const second = new Browser(rig);
    await second.takeLink(link);
    expect((await rows(visitor.email)).rows.length).toBe(2);
    expect((await rig.ask(visitor, 'POST', '/sign-out/everywhere')).status).toBe(204);
    expect(await who(second)).toBeNull();
  });

  it.each([
    ['twelve hours without a request', `seen_at = now() - interval '12 hours 1 minute'`],
    ['seven days', `expires_at = now() - interval '1 second'`],
  ])('ends after %s', async (_what, change) => {
    const visitor = await rig.visitor('viewer');
    await rig.database.pool.query(
      `update app.session set ${change} where account_id = (select id from app.account where email = $1)`,
      [visitor.email],
    );
    expect((await rig.ask(visitor, 'GET', '/api/session')).status).toBe(401);
  });

  it('is over for who is taken out, and their role counts from the next request', async () => {
    const visitor = await rig.visitor('revops');
    const id = await idOf(visitor);
    await rig.ask(admin, 'PATCH', `/api/people/${id}`, { role: 'viewer' });
    expect((await rig.ask(visitor, 'POST', '/api/runs', {})).status).toBe(403);
    expect((await rig.ask(admin, 'DELETE', `/api/people/${id}`)).status).toBe(204);
    expect((await rig.ask(visitor, 'GET', '/api/session')).status).toBe(401);
    expect((await rows(visitor.email)).rows).toEqual([]);
  });

  it('of the last admin can’t be taken away', async () => {
    const tenant = await createTenant(rig.database.pool, { id: 't8', name: 'Small' });
    const only = await rig.visitor('admin', tenant);
    const id = await idOf(only);
    for (const [method, body] of [
      ['PATCH', { role: 'revops' }],
      ['DELETE', undefined],
    ] as const) {
      const answer = await rig.ask(only, method, `/api/people/${id}`, body);
      expect(answer.status).toBe(409);
      expect(await answer.json()).toMatchObject({ code: 'last_admin' });
    }
  });
});

async function idOf({ email }: Visitor): Promise<string> {
  const { rows } = await rig.database.pool.query<{ id: string }>(
    'select id from app.account where email = $1',
    [email],
  );
  return rows[0]?.id ?? '';
}

describe('the link that is printed at start', () => {
  it('is for the admin there is, each time on an embedded store and never on a server with people in it', async () => {
    const { pool } = rig.database;
    const printed: string[] = [];
    await offerFirstSignIn(
      {
        store: rig.parts.store,
        config: { ...rig.parts.config, publicUrl: rig.url },
      },
      (text) => printed.push(text) > 0,
    );
    if (pool.kind === 'server') {
      expect(printed).toEqual([]);
      return;
    }
    const browser = new Browser(rig);
    await browser.takeLink(/https?:\S+/.exec(printed[0] ?? '')?.[0] ?? '');
    expect(await who(browser)).toMatchObject({ name: admin.email, role: 'admin' });
    const people = await (await rig.ask(admin, 'GET', '/api/people')).text();
    expect(
      z.object({ invitations: z.array(z.object({ email: z.string() })) }).parse(JSON.parse(people))
        .invitations,
    ).not.toContainEqual(expect.objectContaining({ email: admin.email }));
  });
});
