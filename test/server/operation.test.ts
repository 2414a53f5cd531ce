import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../src/log.ts';
import { startTracing } from '../../src/server/tracing.ts';
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
