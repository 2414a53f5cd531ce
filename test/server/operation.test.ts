import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../src/log.ts';
import { figures } from '../../src/server/figures.ts';
import { startTracing } from '../../src/server/tracing.ts';
import { requestRun } from '../../src/store/runs.ts';
import { createTenant } from '../../src/store/tenant.ts';
import { eventually } from '../jobs/queue.ts';
import { type ServerRig, startServer, type Visitor } from './rig.ts';

let server: ServerRig;
let admin: Visitor;
let logged = '';
const log = createLog({
  level: 'debug',
  stream: new Writable({
    write(chunk, _encoding, written) {
      logged += String(chunk);
      written();
    },
  }),
});

beforeAll(async () => {
  server = await startServer({ parts: { log } });
  admin = await server.visitor('admin');
});
afterAll(() => server.close());

describe('the queue’s board', () => {
  it('can be looked at by the admin of the only tenant, under a policy of its own', async () => {
    const page = await server.ask(admin, 'GET', '/queues');
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toContain(
      "script-src 'self'; style-src 'self' 'unsafe-inline'",
    );
    expect(await page.text()).toContain('Segment Sync');
    const queues = await server.ask(admin, 'GET', '/queues/api/queues');
    expect(await queues.json()).toMatchObject({ queues: [{ name: 'segment-sync', readOnlyMode: true }] });
  });

  it('is closed to everybody else, and to every change', async () => {
    expect((await server.ask(null, 'GET', '/queues')).status).toBe(401);
    for (const role of ['revops', 'approver', 'viewer'] as const)
      expect((await server.ask(await server.visitor(role), 'GET', '/queues/api/queues')).status, role).toBe(
        403,
      );
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
      expect((await server.ask(admin, method, '/queues/api/queues/segment-sync/pause')).status, method).toBe(
        403,
      );
  });

  it('is for named operators only once there are several tenants, as it shows the jobs of all', async () => {
    await createTenant(server.database.pool, { id: 'other', name: 'Other' });
    expect((await server.ask(admin, 'GET', '/queues')).status).toBe(403);
    server.parts.config.operators = [admin.email];
    expect((await server.ask(admin, 'GET', '/queues')).status).toBe(200);
    server.parts.config.operators = [];
  });
});

describe('the figures for Prometheus', () => {
  const scraped = async () => {
    const lines = (await (await server.ask(null, 'GET', '/metrics')).text()).split('\n');
    return (of: string) =>
      Number(
        lines
          .find((line) => line.startsWith(`${of} `))
          ?.split(' ')
          .at(-1) ?? 0,
      );
  };
  const took = (route: string, status: string) =>
    `segment_sync_http_request_seconds_count{method="GET",route="${route}",status="${status}"}`;

  it('hold how long requests took, by the pattern of their route and the class of their answer', async () => {
    for (let n = 0; n < 3; n++) await server.ask(admin, 'GET', `/api/customers/person/9000${n}`);
    await server.ask(admin, 'GET', '/api/home');
    await server.ask(null, 'GET', '/api/home');
    await eventually('the counts', async () => (await scraped())(took('/api/home', '4xx')) === 1);
    const value = await scraped();
    expect(value(took('/api/customers/:subject/:id', '4xx'))).toBe(3);
    expect(value(took('/api/home', '2xx'))).toBe(1);
    const all = await (await server.ask(null, 'GET', '/metrics')).text();
    expect(all).toContain('le="0.05"');
    expect(all).not.toContain('/person/9');
  });

  it('leave streams of events out: they are open as long as somebody looks', async () => {
    const away = new AbortController();
    const stream = await fetch(`${server.url}/api/events`, {
      headers: { cookie: admin.cookie },
      signal: away.signal,
    });
    expect(stream.status).toBe(200);
    away.abort();
    await eventually('the end of the stream', () => logged.includes('/api/events'));
    expect(await (await server.ask(null, 'GET', '/metrics')).text()).not.toContain('/api/events');
  });

  it('hold runs and their ages, refusals, what waits, refused tokens and the queue', async () => {
    const { pool, tenant } = server.database;
    await requestRun(pool, tenant, { asOf: new Date(), requestedBy: 'test' });
    await pool.query(`update ${tenant.schema}.run set requested_at = now() - interval '1 hour'`);
    await pool.query(
      `insert into ${tenant.schema}.refusal (connection_id, object, external_key, target_id, code, message)
       select 'c', 'contact', n::text, 't', 'X', 'x' from generate_series(1, 3) n`,
    );
    await pool.query(
      `insert into app.connection (id, tenant_id, system, name, account_id, state)
       values ('c1', $1, 'hubspot', 'H', '1', 'needs_you'), ('c2', $1, 'hubspot', 'H', '2', 'connected')`,
      [tenant.id],
    );
    const seen = await figures(pool, server.parts.backend.queue);
    expect(seen).toMatchObject({
      runs_queued: 1,
      refused_rows: 3,
      held_targets: 0,
      connections_needs_you: 1,
      connections_connected: 1,
      jobs_waiting: 0,
      jobs_active: 0,
      jobs_delayed: 0,
    });
    for (const age of [seen.oldest_run_seconds, seen.longest_still_run_seconds]) {
      expect(age).toBeGreaterThanOrEqual(3_600);
      expect(age).toBeLessThan(4_200);
    }
    await pool.query(`update ${tenant.schema}.run set not_before = now() + interval '1 minute'`);
    expect((await figures(pool, server.parts.backend.queue)).longest_still_run_seconds).toBeLessThanOrEqual(
      0,
    );
    await pool.query(`delete from app.connection; delete from ${tenant.schema}.run`);
  });
});

describe('the log of requests', () => {
  it('names the route, not the address, and nobody', async () => {
    logged = '';
    const answer = await server.ask(admin, 'GET', '/api/customers/person/424242?secret=ada@example.com');
    const id = answer.headers.get('x-request-id') ?? '';
    expect(id).toMatch(/^[\da-f-]{36}$/);
    const line = await eventually('its line', () => logged.split('\n').find((one) => one.includes(id)));
    expect(JSON.parse(line)).toMatchObject({
      method: 'GET',
      route: '/api/customers/:subject/:id',
      tenant: 't1',
      ms: expect.any(Number),
    });
    expect(logged).not.toMatch(/424242|ada@|admin\d*@/);
  });
});

describe('traces', () => {
  it('go to the collector with the route, and without the address', async () => {
    const got: string[] = [];
    const collector = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk) => {
        text += String(chunk);
      });
      request.on('end', () => {
        got.push(`${request.url} ${text}`);
        response.end('{}');
      });
    });
    collector.listen(0, '127.0.0.1');
    await once(collector, 'listening');
    const stop = startTracing(`http://127.0.0.1:${(collector.address() as AddressInfo).port}`, 'test');
    const traced = await startServer();
    try {
      const id = '0af7651916cd43dd8448eb211c80319c';
      await fetch(`${traced.url}/api/customers/person/424242?x=ada@example.com`, {
        headers: { traceparent: `00-${id}-b7ad6b7169203331-01` },
      });
      await fetch(`${traced.url}/healthz`);
      await stop();
      const all = got.join('\n');
      expect(all).toContain('/v1/traces');
      expect(all).toContain('GET /api/customers/:subject/:id');
      expect(all).toContain(id);
      expect(all).toContain('segment-sync');
      expect(all).not.toMatch(/424242|ada@/);
    } finally {
      await traced.close();
      collector.close();
    }
  });
});
