import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { mountRoutes } from '../../src/server/mount.ts';
import { problems } from '../../src/server/problem.ts';
import { type Method, type Route, route } from '../../src/server/route.ts';
import { createTenant, dropTenant } from '../../src/store/tenant.ts';
import { type ServerRig, startServer, type Visitor } from './rig.ts';

let rig: ServerRig;
beforeAll(async () => {
  rig = await startServer();
});
afterAll(() => rig.close());

/** Asks an endpoint of its own, mounted as all others are. */
async function answerOf(one: Route, as: Visitor): Promise<Response> {
  const app = express();
  app.use(mountRoutes(rig.parts, [one]));
  app.use(problems(rig.parts));
  const server = app.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${one.path}`, {
    method: one.method,
    headers: {
      cookie: as.cookie,
      'x-csrf-token': as.csrf,
      origin: rig.parts.publicUrl,
      connection: 'close',
    },
  });
}

/** Reads which columns a table has, and then the columns; another takes one away between the two, `times` times. */
function reading(method: Method, times: number): Route {
  const { pool } = rig.database;
  let left = times;
  return route({
    method,
    path: '/api/columns',
    summary: 'Columns',
    tag: 'Test',
    may: 'read',
    ...(method !== 'GET' && { action: 'test.read' }),
    answer: z.object({ columns: z.array(z.string()) }),
    handle: async ({ tenant: { schema } }) => {
      await pool.query(`alter table ${schema}.person add column if not exists test_gone int`);
      const { rows } = await pool.query<{ name: string }>(
        `select attname as name from pg_attribute
         where attrelid = '${schema}.person'::regclass and attname = 'test_gone'`,
      );
      if (left > 0) await pool.query(`alter table ${schema}.person drop column test_gone`);
      left -= 1;
      const columns = rows.map(({ name }) => name);
      await pool.query(`select ${columns.join(', ')} from ${schema}.person`);
      return { columns };
    },
  });
}

it.each<[Method, number, number]>([
  ['GET', 1, 200],
  ['GET', 2, 500],
  ['POST', 1, 500],
])('%s that meets %i columns going meanwhile is answered by %i', async (method, times, status) => {
  const admin = await rig.visitor('admin');
  expect((await answerOf(reading(method, times), admin)).status).toBe(status);
});

it('a company that goes while it is read is unknown, which is no fault of ours', async () => {
  const { pool } = rig.database;
  const tenant = await createTenant(pool, { id: 'going', name: 'Going' });
  const admin = await rig.visitor('admin', tenant);
  const read = route({
    method: 'GET',
    path: '/api/going',
    summary: 'Going',
    tag: 'Test',
    may: 'read',
    handle: async ({ tenant: { schema } }) => {
      await dropTenant(pool, tenant);
      await pool.query(`select from ${schema}.person`);
    },
  });
  expect((await answerOf(read, admin)).status).toBe(404);
});
