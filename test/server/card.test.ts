import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CardAnswer as CardOfHubSpot } from '../../marketplace/hubspot/src/app/cards/card-answer.ts';
import { Attribute } from '../../src/model/attribute.ts';
import { RulesSegmentation } from '../../src/segmentation/definition.ts';
import { addApiToken } from '../../src/store/api-tokens.ts';
import { addAttribute, dropAttribute } from '../../src/store/columns.ts';
import { addExperiment } from '../../src/store/experiments.ts';
import { createTenant } from '../../src/store/tenant.ts';
import { type Rig, writtenRig } from '../integration/rig.ts';
import { customers, hubspotId, spend } from '../integration/shop.ts';
import { type ServerRig, startServer } from './rig.ts';

const played = RulesSegmentation.parse({
  ...spend(),
  segments: spend().segments.map((segment) => ({
    ...segment,
    ...(segment.key === 'vip' && { play: { channel: 'phone', message: 'Say thank you', budget: 5 } }),
  })),
});
const tiers = RulesSegmentation.parse({
  key: 'size',
  name: 'Size',
  subject: 'company',
  method: 'rules',
  segments: [{ key: 'small', name: 'Small', when: { attribute: 'contact_count', below: 900 } }],
});

let server: ServerRig;
let rig: Rig;
beforeAll(async () => {
  server = await startServer({
    env: { HUBSPOT_CLIENT_ID: 'sandbox-client', HUBSPOT_CLIENT_SECRET: 'sandbox-secret' },
  });
  rig = await writtenRig(server.database, {
    people: [...customers(9), { n: 10, noProfiling: true }],
    systems: ['hubspot', 'salesforce'],
    definitions: [played, tiers],
  });
});
afterAll(async () => {
  await rig?.stop();
  await server?.close();
});

type Asked = { object?: string; id: string; portal?: string; secret?: string; more?: string };

function ask({
  object = 'contact',
  id,
  portal = String(rig.hubspot.portalId),
  secret = 'sandbox-secret',
  more = '',
}: Asked) {
  const email = encodeURIComponent('rep@example.com');
  const path = `/api/card/hubspot?objectType=${object}&objectId=${id}&userId=7&portalId=${portal}&userEmail=${email}&appId=1`;
  const at = String(Date.now());
  const signed = `GET${server.parts.publicUrl}${path.replace('%40', '@')}${at}`;
  return fetch(server.url + path + more, {
    headers: {
      'x-hubspot-request-timestamp': at,
      'x-hubspot-signature-v3': createHmac('sha256', secret).update(signed).digest('base64'),
    },
  });
}

const card = async (asked: Asked) => {
  const answer = await ask(asked);
  expect(answer.status).toBe(200);
  const body: unknown = await answer.json();
  return CardOfHubSpot.parse(body);
};

describe('the card in HubSpot', () => {
  it('says which labels, why, since when, what to do, and when it was worked out', async () => {
    const seen = await card({ id: hubspotId(2) });
    expect(seen).toMatchObject({
      state: 'labelled',
      name: 'Customer 2',
      lastRun: { state: 'done' },
      url: `${server.parts.publicUrl}/records/hubspot/contact/${hubspotId(2)}`,
    });
    const labels = seen.segmentations.find(({ key }) => key === 'spend')?.labels ?? [];
    expect(labels).toMatchObject([
      { key: 'vip', name: 'Big spenders', play: { channel: 'phone', message: 'Say thank you' } },
    ]);
    expect(labels[0]?.since).not.toBeNull();
    expect(labels[0]?.play).not.toHaveProperty('budget');
  });

  it('keeps from reps what they may not see: no amount of money is in it', async () => {
    const text = JSON.stringify(await card({ id: hubspotId(2) }));
    expect(text).toContain('within the threshold');
    expect(text).not.toMatch(/\b1,?500\b|\b1,?000\b/);
  });

  it('of a contact shows the labels of its company too, and a company has a card of its own', async () => {
    const keys = (seen: { segmentations: { key: string }[] }) => seen.segmentations.map(({ key }) => key);
    expect(keys(await card({ id: hubspotId(1) }))).toEqual(['spend', 'size']);
    expect(await card({ object: 'company', id: '500001' })).toMatchObject({
      state: 'labelled',
      name: 'Acme',
      segmentations: [{ key: 'size', labels: [{ key: 'small', why: [expect.any(String)] }] }],
    });
    expect(keys(await card({ object: '0-1', id: hubspotId(1) }))).toEqual(['spend', 'size']);
  });

  it('of who is not known, or must not be profiled, says so and no more', async () => {
    const nothing = { name: null, segmentations: [], scores: [] };
    expect(await card({ id: '1' })).toMatchObject({ state: 'unknown', ...nothing });
    expect(await card({ id: hubspotId(10) })).toMatchObject({ state: 'not_profiled', ...nothing });
  });

  it.each([
    ['another secret', { secret: 'guessed' }, 401, 'signature_invalid'],
    ['a query that was added to', { more: '&objectId=9' }, 401, 'signature_invalid'],
    ['an account that nobody connected', { portal: '1' }, 403, 'account_unknown'],
    ['an id that is none', { id: 'x' }, 400, 'fields_invalid'],
    ['an object that has no card', { object: 'ticket' }, 400, 'fields_invalid'],
  ])('is refused with %s', async (_name, asked, status, code) => {
    const answer = await ask({ id: hubspotId(1), ...asked });
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ code });
  });

  it('follows a published change and an experiment at once', async () => {
    const names = async (n: number) =>
      (await card({ id: hubspotId(n) })).segmentations.flatMap(({ labels }) =>
        labels.map(({ name }) => name),
      );
    expect(await names(1)).toContain('Buyers');
    await rig.publish(
      RulesSegmentation.parse({
        ...played,
        segments: played.segments.map((one) => (one.key === 'buyer' ? { ...one, name: 'Customers' } : one)),
      }),
    );
    expect(await names(1)).toContain('Customers');
    await addExperiment(
      rig.pool,
      rig.tenant,
      {
        key: 'half',
        segmentation: 'spend',
        segment: 'buyer',
        kind: 'holdout',
        on: 'write_back',
        share: 0.9,
        base: 0.1,
        target: 0.2,
        horizonDays: 30,
        looks: 'once',
      },
      { at: new Date(), by: 'test' },
    );
    const shown = await Promise.all([1, 4, 7].map(names));
    const { rows } = await rig.pool.query<{ id: string }>(
      `select person_id as id from ${rig.tenant.schema}.contact_record where id = any($1)`,
      [[1, 4, 7].map(hubspotId)],
    );
    expect(rows.length).toBe(3);
    expect(shown.some((one) => !one.includes('Customers'))).toBe(true);
  });
});

describe('the card after a change', () => {
  it('goes by the new condition, at once and with the same labels until the next run', async () => {
    const why = async () =>
      (await card({ id: hubspotId(2) })).segmentations
        .flatMap(({ labels }) => labels)
        .find(({ key }) => key === 'vip')?.why;
    const before = await why();
    expect(before).toHaveLength(1);
    await rig.publish(
      RulesSegmentation.parse({
        ...played,
        segments: played.segments.map((one) =>
          one.key === 'vip' ? { ...one, when: { attribute: 'revenue_total', atLeast: 1_000_000_000 } } : one,
        ),
      }),
    );
    const after = await why();
    expect(after).not.toEqual(before);
    expect(after?.at(-1)).toContain('no longer holds');
  });

  it('follows an attribute that comes and goes between two cards', async () => {
    const { pool, tenant } = rig;
    const attribute = {
      owner: 'person',
      key: 'shoe_size',
      name: 'Shoe size',
      type: 'number',
      kind: 'needs',
    } as const;
    const sized = RulesSegmentation.parse({
      key: 'sized',
      name: 'Sized',
      subject: 'person',
      method: 'rules',
      segments: [{ key: 'any', name: 'Any', when: { attribute: 'shoe_size', unknown: true } }],
    });
    await addAttribute(pool, tenant, Attribute.parse(attribute));
    await rig.publish(sized);
    expect((await card({ id: hubspotId(2) })).state).toBe('labelled');
    await dropAttribute(pool, tenant, attribute);
    expect((await card({ id: hubspotId(2) })).state).toBe('labelled');
  });
});

describe('the card in Salesforce', () => {
  const asked = async (headers: Record<string, string>, query: string) => {
    const answer = await server.ask(null, 'GET', `/api/card/salesforce?${query}`, undefined, headers);
    const body: unknown = await answer.json();
    return { status: answer.status, body };
  };
  const tokenOf = async (tenant = rig.tenant) =>
    (await addApiToken(rig.pool, tenant, { name: 'card', permissions: ['card'], createdBy: 'test', days: 1 }))
      .secret;
  const org = async () => {
    const { rows } = await rig.pool.query<{ id: string }>(
      `select account_id as id from app.connection where id = $1`,
      [rig.ids.salesforce],
    );
    return rows[0]?.id ?? '';
  };

  it('says the same of the same customer', async () => {
    const id = rig.salesforce.admin.find('Contact', 'LastName', 'Customer 2')[0]?.Id ?? '';
    const headers = {
      authorization: `Bearer ${await tokenOf()}`,
      'x-salesforce-org-id': (await org()).slice(0, 15),
    };
    const { status, body } = await asked(headers, `object=Contact&id=${id}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      state: 'labelled',
      name: 'Customer 2',
      segmentations: [{ key: 'spend' }, { key: 'size' }],
    });
  });

  it('is all that its token is good for, while one that may read may ask for it, too', async () => {
    const card = { authorization: `Bearer ${await tokenOf()}` };
    for (const path of ['/api/home', '/api/customers?subject=person', '/api/tokens', '/api/events'])
      expect((await server.ask(null, 'GET', path, undefined, card)).status, path).toBe(403);
    const id = rig.salesforce.admin.find('Contact', 'LastName', 'Customer 2')[0]?.Id ?? '';
    const { secret } = await addApiToken(rig.pool, rig.tenant, {
      name: 'reader',
      permissions: ['read'],
      createdBy: 'test',
      days: 1,
    });
    const headers = { authorization: `Bearer ${secret}`, 'x-salesforce-org-id': await org() };
    expect((await asked(headers, `object=Contact&id=${id}`)).status).toBe(200);
  });

  it('is refused to another org, another tenant, and nobody', async () => {
    const query = 'object=Contact&id=003000000000001AAA';
    const authorization = `Bearer ${await tokenOf()}`;
    const other = await createTenant(rig.pool, { id: 'other', name: 'Other' });
    const foreign = `Bearer ${await tokenOf(other)}`;
    expect((await asked({ authorization }, query)).status).toBe(403);
    expect((await asked({ authorization, 'x-salesforce-org-id': '00D000000000999AAA' }, query)).status).toBe(
      403,
    );
    expect((await asked({ authorization: foreign, 'x-salesforce-org-id': await org() }, query)).status).toBe(
      403,
    );
    expect((await asked({ 'x-salesforce-org-id': await org() }, query)).status).toBe(401);
  });
});
