import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { setConnectionState } from '../../src/store/connections.ts';
import { requestRun } from '../../src/store/runs.ts';
import { createTenant } from '../../src/store/tenant.ts';
import { eventually } from '../jobs/queue.ts';
import { type ServerRig, startServer, type Visitor } from './rig.ts';

let server: ServerRig;
let viewer: Visitor;
beforeAll(async () => {
  server = await startServer({ parts: { heartbeatMs: 100 } });
  viewer = await server.visitor('viewer');
  await server.database.pool.query(
    `insert into app.connection (id, tenant_id, system, name, account_id) values ('c1', 't1', 'csv', 'Files', 'f')`,
  );
});
afterAll(() => server.close());

type Seen = { id: string; event: string; data: Record<string, unknown> };
type Stream = { status: number; seen: Seen[]; text(): string; ended(): boolean; close(): void };
const streams: Stream[] = [];
afterEach(() => {
  for (const stream of streams.splice(0)) stream.close();
});

async function listen(as: Visitor | null, headers: Record<string, string> = {}): Promise<Stream> {
  const stop = new AbortController();
  const response = await fetch(`${server.url}/api/events`, {
    headers: { ...(as && { cookie: as.cookie }), ...headers },
    signal: stop.signal,
  });
  let text = '';
  let ended = false;
  const stream: Stream = {
    status: response.status,
    seen: [],
    text: () => text,
    ended: () => ended,
    close: () => stop.abort(),
  };
  const read = async () => {
    if (!response.body) return;
    for await (const chunk of response.body) {
      text += Buffer.from(chunk).toString();
      stream.seen.length = 0;
      for (const [, id = '', event = '', data = ''] of text.matchAll(
        /id: (.*)\nevent: (.*)\ndata: (.*)\n\n/g,
      ))
        stream.seen.push({ id, event, data: JSON.parse(data) });
    }
  };
  read()
    .catch(() => undefined)
    .finally(() => {
      ended = true;
    });
  streams.push(stream);
  return stream;
}

describe('the stream of events', () => {
  it('begins with the state, then tells what changes, once', async () => {
    const stream = await listen(viewer);
    await eventually('the state', () => stream.seen.some(({ event }) => event === 'sizes'));
    expect(stream.seen.map(({ event }) => event).sort()).toEqual(['connection', 'held', 'sizes']);
    await requestRun(server.database.pool, server.database.tenant, { asOf: new Date(), requestedBy: 'test' });
    const run = await eventually('the run', () => stream.seen.find(({ event }) => event === 'run'));
    expect(run.data).toMatchObject({ kind: 'full', state: 'queued', stage: 'pull', endedAt: null });
    await setConnectionState(server.database.pool, server.database.tenant, 'c1', 'needs_you', {
      code: 'unauthorized',
      message: 'Refused',
      action: 'Reconnect',
    });
    await eventually('its health', () => stream.seen.some(({ data }) => data.state === 'needs_you'));
    expect(stream.seen.filter(({ event }) => event === 'run').length).toBe(1);
  });

  it('goes on after Last-Event-ID, and gives the whole state to whoever has an id of elsewhere', async () => {
    const first = await listen(viewer);
    await eventually('the state', () => first.seen.length >= 4);
    const last = first.seen.at(-1)?.id ?? '';
    first.close();
    const keeper = await listen(viewer);
    await server.database.pool.query(`update ${server.database.tenant.schema}.run set slices = slices + 1`);
    await eventually('a change', () => keeper.seen.some(({ data }) => data.slices === 1));
    const again = await listen(viewer, { 'last-event-id': last });
    await eventually('what was missed', () => again.seen.length > 0);
    expect(again.seen.map(({ event }) => event)).toEqual(['run']);
    const stranger = await listen(viewer, { 'last-event-id': 'elsewhere-7' });
    await eventually('the state', () => stranger.seen.length >= 4);
  });

  it('tells once of a connection that has left, and no more of it afterwards', async () => {
    const { pool } = server.database;
    await pool.query(
      `insert into app.connection (id, tenant_id, system, name, account_id) values ('c2', 't1', 'csv', 'More', 'g')`,
    );
    const stream = await listen(viewer);
    await eventually('it', () => stream.seen.some(({ data }) => data.id === 'c2'));
    await pool.query(`delete from app.connection where id = 'c2'`);
    await eventually('its end', () =>
      stream.seen.some(({ data }) => data.id === 'c2' && data.state === 'gone'),
    );
    const later = await listen(viewer);
    await eventually('the state', () => later.seen.some(({ event }) => event === 'sizes'));
    expect(later.seen.some(({ data }) => data.id === 'c2')).toBe(false);
  });

  it('ends with the session, and lives by heartbeats until then', async () => {
    const guest = await server.visitor('viewer');
    const stream = await listen(guest);
    await eventually('a heartbeat', () => stream.text().includes(': still here'));
    expect(stream.ended()).toBe(false);
    expect((await server.ask(guest, 'POST', '/sign-out')).status).toBeLessThan(400);
    await eventually('the end', () => stream.ended());
  });

  it('tells nobody of another company, and nothing to nobody', async () => {
    const other = await createTenant(server.database.pool, { id: 'other', name: 'Other' });
    const stream = await listen(await server.visitor('admin', other));
    await eventually('the state', () => stream.seen.length >= 2);
    expect(stream.seen.map(({ event }) => event).sort()).toEqual(['held', 'sizes']);
    expect((await listen(null)).status).toBe(401);
  });

  it('has room for a dozen tabs of one person', async () => {
    const busy = await server.visitor('viewer');
    const opened = await Promise.all(Array.from({ length: 13 }, () => listen(busy)));
    expect(opened.filter(({ status }) => status === 429).length).toBe(1);
  });
});
