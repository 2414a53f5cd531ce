import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { alerts } from '../../jobs/alerts.ts';
import { AlertSettings } from '../../src/model/alert.ts';
import { listAlerts, readAlertSettings, writeAlertSettings } from '../../src/store/alerts.ts';
import { setConnectionState } from '../../src/store/connections.ts';
import { adoptKey } from '../../src/store/keys.ts';
import { requestRun } from '../../src/store/runs.ts';
import { keyring } from '../../src/store/secrets.ts';
import { createTenant, type Tenant } from '../../src/store/tenant.ts';
import { type ServerRig, startServer, type Visitor } from '../server/rig.ts';
import { type MailServer, startMailServer } from '../smtp.ts';

type Said = { path: string; body: Record<string, unknown> };
let server: ServerRig;
let mail: MailServer;
let admin: Visitor;
let tenant: Tenant;
let said: Said[] = [];
let isDown = false;
let tenants = 0;
const ears = createServer((request, response) => {
  let text = '';
  request.on('data', (chunk) => {
    text += String(chunk);
  });
  request.on('end', () => {
    if (request.url === '/moved') response.writeHead(302, { location: '/slack' });
    else response.writeHead(isDown ? 500 : 200);
    if (!isDown) said.push({ path: request.url ?? '', body: JSON.parse(text) });
    response.end();
  });
});
let earsUrl = '';

beforeAll(async () => {
  ears.listen(0, '127.0.0.1');
  await once(ears, 'listening');
  earsUrl = `http://127.0.0.1:${(ears.address() as AddressInfo).port}`;
  mail = await startMailServer();
  server = await startServer({ env: { ALERTS_TO_PRIVATE: 'yes', SMTP_URL: mail.url } });
});
afterAll(async () => {
  ears.close();
  await server.close();
  await mail.close();
});
beforeEach(async () => {
  said = [];
  isDown = false;
  tenants += 1;
  tenant = await createTenant(server.database.pool, { id: `alert${tenants}`, name: 'Shop <b>' });
  admin = await server.visitor('admin', tenant);
});

const look = () =>
  alerts(
    { tenantId: tenant.id },
    {
      pool: server.database.pool,
      notify: { ...server.parts, keys: server.parts.store.keys },
      log: server.parts.log,
    },
  );
const listen = (more: Partial<AlertSettings> = {}) =>
  writeAlertSettings(
    server.database.pool,
    server.parts.store.keys,
    tenant,
    AlertSettings.parse({ slackUrl: `${earsUrl}/slack`, webhookUrl: `${earsUrl}/hook`, ...more }),
  );
const open = async () =>
  (await listAlerts(server.database.pool, tenant, { after: null, limit: 50, open: true })).map(
    ({ kind, subject }) => `${kind} ${subject}`,
  );
async function endRun(state: 'failed' | 'done') {
  const { run } = await requestRun(server.database.pool, tenant, { asOf: new Date(), requestedBy: 'test' });
  await server.database.pool.query(
    `update ${tenant.schema}.run set state = $2, ended_at = now(), reason = $3 where id = $1`,
    [run.id, state, state === 'failed' ? { code: 'x', message: 'It broke.', action: 'Mend it.' } : null],
  );
}

describe('an incident', () => {
  it('is told once to each channel, and once when it is over', async () => {
    await listen();
    await endRun('failed');
    // Two workers, and one of them again.
    await Promise.all([look(), look()]);
    await look();
    expect(said.map(({ path }) => path).sort()).toEqual(['/hook', '/slack']);
    expect(said.find(({ path }) => path === '/hook')?.body).toMatchObject({
      event: 'alert.begun',
      tenant: tenant.id,
      alert: {
        kind: 'run_failed',
        message: 'It broke. What was done until then is kept.',
        action: 'Mend it.',
      },
    });
    await endRun('failed');
    await look();
    expect(said.length).toBe(2);
    await endRun('done');
    await look();
    await look();
    expect(said.map(({ body }) => body.event).filter((event) => event !== undefined)).toEqual([
      'alert.begun',
      'alert.ended',
    ]);
    expect(said.length).toBe(4);
    expect(await open()).toEqual([]);
    await endRun('failed');
    await look();
    expect(said.length).toBe(6);
  });

  it('is told later where a channel is down, and the others are told at once', async () => {
    await listen({ slackUrl: 'http://127.0.0.1:1/closed' });
    await endRun('failed');
    await look();
    expect(said.map(({ path }) => path)).toEqual(['/hook']);
    await listen();
    await look();
    expect(said.map(({ path }) => path)).toEqual(['/hook', '/slack']);
  });

  it('is not told any more where a channel was down for a day', async () => {
    await listen({ slackUrl: 'http://127.0.0.1:1/closed' });
    await endRun('failed');
    await look();
    await server.database.pool.query(
      `update app.alert set since = now() - interval '25 hours' where tenant_id = $1`,
      [tenant.id],
    );
    await listen();
    await look();
    expect(said.map(({ path }) => path)).toEqual(['/hook']);
    expect(await open()).toHaveLength(1);
  });

  it('is not told again to the others where the mail server refuses one address', async () => {
    await listen({ slackUrl: null, webhookUrl: null, emails: ['ops@example.com', 'nobody@refused.example'] });
    await endRun('failed');
    await look();
    await look();
    expect(mail.mails.map(({ to }) => to)).toEqual([['ops@example.com']]);
  });

  it('of a kind that is left out is written down and not told', async () => {
    await listen({ kinds: ['connection'] });
    await endRun('failed');
    await look();
    expect(said).toEqual([]);
    expect(await open()).toEqual(['run_failed full']);
  });

  it('is each of: a brake, a fall, refusals of one rule, a connection that needs somebody, a review, drift', async () => {
    const { pool } = server.database;
    const s = tenant.schema;
    await pool.query(
      `insert into app.connection (id, tenant_id, system, name, account_id) values ($1, $2, 'csv', 'Shop', '1')`,
      [`c${tenants}`, tenant.id],
    );
    const connection = `c${tenants}`;
    await setConnectionState(pool, tenant, connection, 'needs_you', {
      code: 'unauthorized',
      message: 'Refused.',
      action: 'Reconnect.',
    });
    const reason = (code: string) => ({ code, message: 'm', action: 'a', since: '2026-01-01T00:00:00Z' });
    for (const [id, code] of [
      ['braked', 'many_changes'],
      ['fresh', 'new'],
    ] as const)
      await pool.query(
        `insert into ${s}.target (id, connection_id, segmentation, kind, object, reason) values ($1, $2, $1, 'property', 'contact', $3)`,
        [id, connection, reason(code)],
      );
    await pool.query(
      `insert into ${s}.contact_record (connection_id, id, kind, source_updated_at)
       select $1, n::text, 'contact', now() from generate_series(1, 100) n`,
      [connection],
    );
    await pool.query(
      `insert into ${s}.refusal (connection_id, object, external_key, target_id, code, message)
       select $1, 'contact', n::text, 'braked', case when n < 20 then 'RULE' else 'RARE' end, 'Not so'
       from generate_series(1, 22) n`,
      [connection],
    );
    await pool.query(
      `insert into ${s}.segmentation (key, version, definition, state) values ('vip', 1, '{"name": "VIP"}', 'published')`,
    );
    const drift = [
      { name: 'Country', level: 'major', adjusted: 0.001 },
      { name: 'City', level: 'some', adjusted: 0.001 },
    ];
    await pool.query(
      `insert into ${s}.review (segmentation, version, at, report) values ('vip', 1, now(), $1)`,
      [JSON.stringify({ history: { attributeDrift: drift } })],
    );
    await look();
    expect((await open()).sort()).toEqual([
      'brake target braked',
      `connection ${connection}`,
      'drift vip',
      `refusals ${connection} contact RULE`,
      'review vip',
    ]);
    const all = await listAlerts(pool, tenant, { after: null, limit: 50, open: null });
    expect(all.find(({ kind }) => kind === 'drift')?.message).toMatch(/Country changed/);
    await pool.query(`update ${s}.review set done_at = now()`);
    await pool.query(`delete from ${s}.refusal`);
    await look();
    expect((await open()).sort()).toEqual(['brake target braked', `connection ${connection}`]);
  });

  it('cannot dress up as something else in Slack', async () => {
    await listen({ webhookUrl: null });
    const { run } = await requestRun(server.database.pool, tenant, { asOf: new Date(), requestedBy: 'test' });
    await server.database.pool.query(
      `update ${tenant.schema}.run set state = 'failed', ended_at = now(), reason = $2 where id = $1`,
      [run.id, { code: 'x', message: '<!channel> <https://evil.example|click>', action: '&' }],
    );
    await look();
    const text = String(said[0]?.body.text);
    expect(text).toContain('&lt;!channel&gt;');
    expect(text).not.toContain('<!');
  });
});

describe('the settings', () => {
  const body = {
    emails: ['ops@example.com'],
    kinds: ['run_failed'],
    refusalShare: 0.02,
    refusalLeast: 5,
  };
  const put = (more: object) => server.ask(admin, 'PUT', '/api/alert-settings', { ...body, ...more });

  it('show of a webhook only its host, and keep it where it is left out', async () => {
    expect((await put({ slackUrl: `${earsUrl}/services/SECRET` })).status).toBe(200);
    const kept: unknown = await (await put({})).json();
    expect(kept).toMatchObject({
      slack: { host: new URL(earsUrl).host },
      webhook: null,
      emails: body.emails,
    });
    expect(JSON.stringify(kept)).not.toContain('SECRET');
    const stored = await readAlertSettings(server.database.pool, server.parts.store.keys, tenant);
    expect(stored.slackUrl).toContain('SECRET');
    const log: unknown = await (await server.ask(admin, 'GET', '/api/audit')).json();
    expect(JSON.stringify(log)).not.toContain('SECRET');
    expect(await (await put({ slackUrl: null })).json()).toMatchObject({ slack: null });
  });

  it('can be tried out, and say what became of it', async () => {
    await put({
      emails: ['nobody@refused.example'],
      slackUrl: `${earsUrl}/slack`,
      webhookUrl: `${earsUrl}/moved`,
    });
    const answer = await server.ask(admin, 'POST', '/api/alert-settings/test');
    expect(await answer.json()).toMatchObject({
      channels: [
        { channel: 'email', ok: false },
        { channel: 'slack', ok: true },
        // A redirect is not followed.
        { channel: 'webhook', ok: false, message: expect.stringContaining('302') },
      ],
    });
  });

  it('are for admins', async () => {
    const viewer = await server.visitor('revops', tenant);
    expect((await server.ask(viewer, 'GET', '/api/alert-settings')).status).toBe(403);
    expect((await server.ask(viewer, 'PUT', '/api/alert-settings', body)).status).toBe(403);
    expect((await server.ask(viewer, 'GET', '/api/alerts?state=open')).status).toBe(200);
  });

  it('can be read after the key was changed', async () => {
    await listen();
    const next = keyring(Buffer.alloc(32, 9), [Buffer.alloc(32, 7)]);
    await adoptKey(server.database.pool, next);
    const alone = keyring(Buffer.alloc(32, 9));
    expect((await readAlertSettings(server.database.pool, alone, tenant)).slackUrl).toBe(`${earsUrl}/slack`);
    await adoptKey(server.database.pool, keyring(Buffer.alloc(32, 7), [Buffer.alloc(32, 9)]));
  });
});
