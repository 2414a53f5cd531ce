import { createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type RunningWorker, startWorker } from '../../jobs/worker.ts';
import { createLog } from '../../src/log.ts';
import { listRuns } from '../../src/store/runs.ts';
import { suppressionKey } from '../../src/store/suppressions.ts';
import { type Rig, writtenRig } from '../integration/rig.ts';
import { customers, hubspotId } from '../integration/shop.ts';
import { eventually } from '../jobs/queue.ts';
import { type ServerRig, startServer } from './rig.ts';

const SECRET = 'sandbox-secret';
let server: ServerRig;
let rig: Rig;
let worker: RunningWorker | undefined;

beforeAll(async () => {
  server = await startServer({
    env: {
      HUBSPOT_CLIENT_ID: 'sandbox-client',
      HUBSPOT_CLIENT_SECRET: SECRET,
      HUBSPOT_CLIENT_SECRET_OLD: 'before',
    },
  });
  rig = await writtenRig(server.database, { people: customers(9) });
  await rig.pool.query(`update app.tenant set policy = '{"pilot": "off"}' where id = $1`, [rig.tenant.id]);
});
afterEach(async () => {
  await worker?.close();
  worker = undefined;
});
afterAll(async () => {
  await rig?.stop();
  await server?.close();
});

const work = async () => {
  worker = await startWorker({
    pool: rig.pool,
    backend: server.parts.backend,
    openConnections: rig.openConnections,
    suppressionKey: () => suppressionKey(rig.pool, rig.keys),
    concurrency: 2,
    log: createLog({ level: process.env.TEST_LOG ?? 'silent' }),
  });
};

const portalId = () => rig.hubspot.portalId;
const event = (more: object) => ({
  portalId: portalId(),
  eventId: 1,
  subscriptionId: 1,
  appId: 3_100_001,
  occurredAt: Date.now(),
  attemptNumber: 0,
  subscriptionType: 'contact.propertyChange',
  objectId: Number(hubspotId(1)),
  ...more,
});

function post(events: unknown, { secret = SECRET, at = Date.now(), headers = {} } = {}): Promise<Response> {
  const body = typeof events === 'string' ? events : JSON.stringify(events);
  const path = '/webhooks/hubspot';
  return fetch(server.url + path, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-hubspot-request-timestamp': String(at),
      'x-hubspot-signature-v3': createHmac('sha256', secret)
        .update(`POST${server.parts.publicUrl}${path}${body}${at}`)
        .digest('base64'),
      ...headers,
    },
  });
}

const dirty = async () => {
  const { rows } = await rig.pool.query<{ object: string; id: string }>(
    `select object, id from ${rig.tenant.schema}.dirty_record order by object, id`,
  );
  return rows.map(({ object, id }) => `${object} ${id}`);
};
const forget = async () => {
  await rig.pool.query(`delete from ${rig.tenant.schema}.dirty_record`);
  await rig.pool.query(
    `update ${rig.tenant.schema}.run set state = 'cancelled', ended_at = now() where state = 'queued'`,
  );
};
const label = (id: string) => rig.state('hubspot').records[`contact ${id}`]?.segment_sync_spend;
const contact = (n: number) => `contact ${hubspotId(n)}`;

describe('a post of events', () => {
  afterEach(forget);

  it('notes each record once, and begins one refresh however many posts come', async () => {
    const before = (await listRuns(rig.pool, rig.tenant)).length;
    const one = event({ propertyName: 'email', propertyValue: 'x@example.com' });
    const posts = [[one, one], [event({ objectId: Number(hubspotId(2)) })], [one]];
    const answers = await Promise.all(posts.map((events, i) => post(events, { at: Date.now() - i })));
    expect(answers.map(({ status }) => status)).toEqual([204, 204, 204]);
    expect(await dirty()).toEqual([contact(1), contact(2)]);
    const runs = await eventually('a refresh', async () => {
      const all = await listRuns(rig.pool, rig.tenant);
      return all.length > before ? all : null;
    });
    expect(runs.length).toBe(before + 1);
    expect(runs[0]).toMatchObject({ kind: 'refresh', requestedBy: 'webhook' });
  });

  it('may mix accounts; those that nobody connected are left out', async () => {
    const answer = await post([
      event({ portalId: 1, objectId: 5 }),
      event({}),
      event({ subscriptionType: 'ticket.creation' }),
    ]);
    expect(answer.status).toBe(204);
    expect(await dirty()).toEqual([contact(1)]);
  });

  it('of an account that is being disconnected notes nothing', async () => {
    const to = (state: string) =>
      rig.pool.query('update app.connection set state = $2 where id = $1', [rig.ids.hubspot, state]);
    await to('disconnected');
    expect((await post([event({})])).status).toBe(204);
    expect(await dirty()).toEqual([]);
    await to('connected');
    expect((await post([event({})], { at: Date.now() + 1 })).status).toBe(204);
    expect(await dirty()).toEqual([contact(1)]);
  });

  it('may be signed with the secret before this one', async () => {
    expect((await post([event({})], { secret: 'before' })).status).toBe(204);
    expect(await dirty()).toEqual([contact(1)]);
  });

  it.each([
    ['another secret', { secret: 'guessed' }],
    ['too old', { at: Date.now() - 6 * 60_000 }],
    ['no signature', { headers: { 'x-hubspot-signature-v3': '' } }],
    ['an address that a proxy made up', { headers: { 'x-forwarded-host': 'evil.example' }, secret: 'x' }],
  ])('is refused: %s', async (_name, how) => {
    const answer = await post([event({})], how);
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ code: 'signature_invalid' });
    expect(await dirty()).toEqual([]);
  });

  it('that is no list of at most 100 is refused', async () => {
    expect((await post({ not: 'a list' })).status).toBe(400);
    expect((await post('nonsense')).status).toBe(400);
    expect((await post(Array.from({ length: 101 }, () => event({})))).status).toBe(400);
  });

  it('played again has no second effect', async () => {
    const at = Date.now();
    const events = [event({ propertyName: 'city' })];
    expect((await post(events, { at })).status).toBe(204);
    await forget();
    expect((await post(events, { at })).status).toBe(204);
    expect(await dirty()).toEqual([]);
  });

  it('about what we wrote ourselves is dropped; about the same property with another value it is not', async () => {
    const ours = (propertyValue: string) =>
      event({ propertyName: 'segment_sync_spend', propertyValue, changeSource: 'INTEGRATION' });
    expect(label(hubspotId(1))).toBe('buyer');
    await post([ours('buyer'), event({ propertyName: 'segment_sync_changed_at', propertyValue: '1' })]);
    expect(await dirty()).toEqual([]);
    await post([ours('vip')]);
    expect(await dirty()).toEqual([contact(1)]);
  });

  it('is answered 503 where the store is not free in time, so that it comes again', async () => {
    const client = await rig.pool.connect();
    await client.query('begin');
    await client.query(`lock table ${rig.tenant.schema}.dirty_record in access exclusive mode`);
    // The lock is held until after the answer.
    const answer = await post([event({})]);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('5');
    await client.query('rollback');
    client.release();
    await eventually('what was under way ends', async () => (await dirty()).length > 0);
  });

  it('to a system that posts none is not found', async () => {
    for (const system of ['salesforce', 'csv', '__proto__', 'constructor']) {
      const answer = await fetch(`${server.url}/webhooks/${system}`, { method: 'POST', body: '[]' });
      expect(answer.status, system).toBe(404);
    }
  });
});

describe('from event to label', () => {
  const subscribe = () =>
    rig.hubspot.admin.subscribe({
      targetUrl: `${server.parts.publicUrl}/webhooks/hubspot`,
      subscriptions: [
        ...['contact', 'deal'].flatMap((object) =>
          ['creation', 'deletion', 'merge', 'restore', 'associationChange', 'propertyChange'].map((what) => ({
            subscriptionType: `${object}.${what}`,
          })),
        ),
      ],
    });

  it('a new order, a merge and a deletion reach the CRM by themselves, and our own writes cause nothing more', async () => {
    await work();
    subscribe();
    const { admin } = rig.hubspot;
    expect(label(hubspotId(3))).toBe('prospect');
    const deal = admin.createRecord('deal', {
      dealname: 'Another order',
      amount: 5_000,
      dealstage: 'closedwon',
      pipeline: 'default',
      closedate: new Date().toISOString(),
    });
    admin.associate('deal', deal, 'contact', hubspotId(3));
    await eventually('the label of the buyer', () => label(hubspotId(3)) === 'vip');
    const merged = admin.merge('contact', hubspotId(1), hubspotId(4));
    await eventually('the label of the merged', () => label(merged) === 'buyer');
    admin.archive('contact', hubspotId(5));
    await eventually('the deleted is gone', async () => {
      const { rows } = await rig.pool.query(
        `select from ${rig.tenant.schema}.contact_record where id = $1 and state = 'deleted'`,
        [hubspotId(5)],
      );
      return rows.length === 1;
    });
    await eventually('all that happened is dealt with', async () => {
      const isTold = rig.hubspot.webhooks.underWay === 0;
      const isNoted = (await dirty()).length > 0;
      return isTold && !isNoted && (await listRuns(rig.pool, rig.tenant, 9)).every(({ endedAt }) => endedAt);
    });
    const runs = (await listRuns(rig.pool, rig.tenant, 100)).length;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect((await listRuns(rig.pool, rig.tenant, 100)).length).toBe(runs);
    expect(await dirty()).toEqual([]);
  });

  it('who was deleted for privacy is erased here, and a late event does not bring them back', async () => {
    await work();
    const id = hubspotId(2);
    const known = async () =>
      (await rig.pool.query(`select from ${rig.tenant.schema}.contact_record where id = $1`, [id])).rows
        .length;
    expect(await known()).toBe(1);
    const privacy = event({ subscriptionType: 'contact.privacyDeletion', objectId: Number(id) });
    expect(
      (await post([privacy, event({ subscriptionType: 'contact.deletion', objectId: Number(id) })])).status,
    ).toBe(204);
    await eventually('the person is gone', async () => (await known()) === 0);
    await post([event({ objectId: Number(id), propertyName: 'city', propertyValue: 'Rome' })]);
    await eventually('the late event is dealt with', async () => (await dirty()).length === 0);
    expect(await known()).toBe(0);
  });
});
