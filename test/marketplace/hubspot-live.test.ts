import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PATHS } from '../../connectors/hubspot/app.ts';
import { CardAnswer } from '../../marketplace/hubspot/src/app/cards/card-answer.ts';
import { type Rig, writtenRig } from '../integration/rig.ts';
import { customers, hubspotId } from '../integration/shop.ts';
import { eventually } from '../jobs/queue.ts';
import { type ServerRig, startServer } from '../server/rig.ts';

const SECRET = 'sandbox-secret';
const Webhooks = z.object({
  config: z.object({
    settings: z.object({ targetUrl: z.url() }),
    subscriptions: z.object({
      crmObjects: z.array(z.object({ subscriptionType: z.string(), propertyName: z.string().optional() })),
      hubEvents: z.array(z.object({ subscriptionType: z.string() })),
    }),
  }),
});

let server: ServerRig;
let rig: Rig;
beforeAll(async () => {
  server = await startServer({
    env: { HUBSPOT_CLIENT_ID: 'sandbox-client', HUBSPOT_CLIENT_SECRET: SECRET },
  });
  rig = await writtenRig(server.database, {
    people: [...customers(5), { n: 6, noProfiling: true }],
  });
});
afterAll(async () => {
  await rig?.stop();
  await server?.close();
});

/** Asks as HubSpot does for a card: with account and user, and signed over the public address. */
function card(objectId: string, { portalId = rig.hubspot.portalId, secret = SECRET } = {}) {
  const query = new URLSearchParams({ objectType: 'contact', objectId });
  for (const [name, value] of Object.entries({
    portalId,
    userId: 9001,
    userEmail: 'rep@example.com',
    appId: 31,
  }))
    query.set(name, String(value));
  const path = `${PATHS.card}?${query}`;
  const time = String(Date.now());
  // HubSpot signs the address with some escapes undone, the one of "@" among them.
  const signed = `GET${server.parts.publicUrl}${path.replaceAll('%40', '@')}${time}`;
  return fetch(server.url + path, {
    headers: {
      'x-hubspot-request-timestamp': time,
      'x-hubspot-signature-v3': createHmac('sha256', secret).update(signed).digest('base64'),
    },
  });
}

const read = async (objectId: string) => CardAnswer.parse(await (await card(objectId)).json());

describe('the card of the project, at the real server', () => {
  it('reads labels, reasons and the way to the record', async () => {
    const answer = await read(hubspotId(2));
    expect(answer).toMatchObject({
      state: 'labelled',
      lastRun: { state: 'done', endedAt: expect.any(String) },
      asOf: expect.any(String),
      url: `${server.parts.publicUrl}${PATHS.record}/contact/${hubspotId(2)}`,
    });
    const labels = answer.segmentations.flatMap((segmentation) => segmentation.labels);
    expect(labels.length).toBeGreaterThan(0);
    for (const { name, since, why } of labels) {
      expect(name).not.toBe('');
      expect(Date.parse(since ?? '')).toBeGreaterThan(0);
      expect(why.length).toBeGreaterThan(0);
    }
  });

  it('reads why there is nothing', async () => {
    expect(await read('999999')).toMatchObject({ state: 'unknown', segmentations: [] });
    expect(await read(hubspotId(6))).toMatchObject({ state: 'not_profiled', segmentations: [], scores: [] });
  });

  it('tells an account that nobody connected (403) from a request that is not HubSpot’s (401)', async () => {
    expect((await card(hubspotId(1), { portalId: 7 })).status).toBe(403);
    expect((await card(hubspotId(1), { secret: 'guessed' })).status).toBe(401);
  });
});

describe('the webhooks of the project, at the real server', () => {
  const dirty = async () => {
    const { rows } = await rig.pool.query<{ object: string; id: string }>(
      `select object, id from ${rig.tenant.schema}.dirty_record order by object, id`,
    );
    return rows.map(({ object, id }) => `${object} ${id}`);
  };

  it('bring what changed in the portal, and nothing of our own writing', async () => {
    const path = `marketplace/hubspot/src/app/webhooks/webhooks-hsmeta.json`;
    const { settings, subscriptions } = Webhooks.parse(JSON.parse(await readFile(path, 'utf8'))).config;
    expect(new URL(settings.targetUrl).pathname).toBe(PATHS.webhooks);
    const { admin, webhooks } = rig.hubspot;
    admin.subscribe({
      targetUrl: server.url + new URL(settings.targetUrl).pathname,
      subscriptions: [...subscriptions.crmObjects, ...subscriptions.hubEvents],
    });
    admin.setProperties('contact', hubspotId(1), { segment_sync_spend: 'vip', hs_email_open: '4' });
    admin.setProperties('contact', hubspotId(2), { jobtitle: 'Buyer' });
    const deal = admin.allRecords('deal')[0]?.id ?? '';
    admin.setProperties('deal', deal, { amount: '12' });
    await eventually('both events', async () => (webhooks.delivered >= 2 ? true : null));
    expect(webhooks.lost).toBe(0);
    expect(await dirty()).toEqual([`contact ${hubspotId(2)}`, `deal ${deal}`]);
    admin.subscribe(null);
  });
});
