import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findInCatalogue } from '../../src/segmentation/catalogue.ts';
import { addAttributes } from '../../src/store/columns.ts';
import { updateTenant } from '../../src/store/tenant.ts';
import { type ServerRig, startServer, type Visitor } from './rig.ts';

let rig: ServerRig;
let anna: Visitor;
let ben: Visitor;
let viewer: Visitor;

const PEOPLE = 100;

beforeAll(async () => {
  rig = await startServer();
  anna = await rig.visitor('revops');
  ben = await rig.visitor('revops');
  viewer = await rig.visitor('viewer');
  const { pool, tenant } = rig.database;
  const keys = ['country', 'revenue_total', 'deal_count', 'religion'];
  await addAttributes(
    pool,
    tenant,
    keys.flatMap((key) => findInCatalogue('person', key)?.attribute ?? []),
  );
  await pool.query(
    `insert into ${tenant.schema}.person (country, revenue_total, deal_count)
     select case when n % 4 = 0 then 'US' else 'DE' end, n * 10, n % 5 from generate_series(1, $1::int) n`,
    [PEOPLE],
  );
});
afterAll(() => rig.close());

/** What an answer says; tests look into it. */
// biome-ignore lint/suspicious/noExplicitAny: matched against what is expected
const said = async (answer: Promise<Response> | Response): Promise<any> => (await answer).json();

const definition = (key: string, change: Record<string, unknown> = {}) => ({
  key,
  name: 'Spenders',
  subject: 'person',
  method: 'rules',
  segments: [
    {
      key: 'big',
      name: 'Big spenders',
      when: {
        all: [
          { attribute: 'country', is: 'US' },
          { attribute: 'revenue_total', atLeast: 500 },
        ],
      },
    },
  ],
  ...change,
});

/** A draft of that key; answers the tag to go on with. */
async function begin(key: string): Promise<string> {
  const begun = await rig.ask(anna, 'POST', '/api/segmentations', { definition: definition(key) });
  expect(begun.status).toBe(201);
  const desk = await rig.ask(anna, 'GET', `/api/segmentations/${key}`);
  return desk.headers.get('etag') ?? '';
}

describe('a segment set', () => {
  it('goes from a draft to a published version', async () => {
    const tag = await begin('spenders');
    const expected = await said(rig.ask(anna, 'POST', '/api/segmentations/spenders/expect'));
    expect(expected).toMatchObject({ days: 30, changed: expect.any(Number), segments: expect.any(Array) });
    const plan = await said(rig.ask(anna, 'POST', '/api/segmentations/spenders/plan'));
    expect(plan).toMatchObject({
      change: 'new',
      total: PEOPLE,
      differences: [{ kind: 'added', text: 'Segment Big spenders' }],
      segments: [{ segment: 'big', before: 0, after: 13, enters: 13, leaves: 0 }],
    });
    const published = await rig.ask(anna, 'POST', '/api/segmentations/spenders/publish', undefined, {
      'if-match': tag,
    });
    expect(await published.json()).toEqual({ change: 'new', version: 1, held: 0 });
    const desk = await said(rig.ask(viewer, 'GET', '/api/segmentations/spenders'));
    expect(desk).toMatchObject({ state: 'published', version: 1, draft: null, versions: [{ version: 1 }] });
    const list = await said(rig.ask(viewer, 'GET', '/api/segmentations'));
    expect(list.items).toMatchObject([{ key: 'spenders', state: 'published', changedBy: anna.email }]);
  });

  it('says what a new version changes, in words', async () => {
    const desk = await rig.ask(anna, 'GET', '/api/segmentations/spenders');
    const changed = definition('spenders', { goal: 'More of them' });
    changed.segments[0] = {
      key: 'big',
      name: 'Big spenders',
      when: { all: [{ attribute: 'revenue_total', atLeast: 500 }] },
    };
    const saved = await rig.ask(
      anna,
      'PUT',
      '/api/segmentations/spenders/draft',
      { definition: changed },
      { 'if-match': desk.headers.get('etag') ?? '' },
    );
    expect(saved.status).toBe(200);
    const plan = await said(rig.ask(anna, 'POST', '/api/segmentations/spenders/plan'));
    expect(plan.differences.map(({ text }: { text: string }) => text)).toEqual([
      'Goal: More of them',
      expect.stringMatching(/^Big spenders: Who enters: .+ → .+500/),
    ]);
    const thrown = await rig.ask(anna, 'DELETE', '/api/segmentations/spenders/draft', undefined, {
      'if-match': saved.headers.get('etag') ?? '',
    });
    expect(thrown.status).toBe(204);
  });

  it('is not overwritten by the second of two editors, who reads whose draft it is', async () => {
    const tag = await begin('shared');
    const save = (who: Visitor, goal: string) =>
      rig.ask(
        who,
        'PUT',
        '/api/segmentations/shared/draft',
        { definition: definition('shared', { goal }) },
        { 'if-match': tag },
      );
    expect((await save(anna, 'Hers')).status).toBe(200);
    const refused = await save(ben, 'His');
    expect(refused.status).toBe(409);
    const problem = await said(refused);
    expect(problem.code).toBe('changed_meanwhile');
    expect(problem.detail).toContain(anna.email);
    const desk = await said(rig.ask(ben, 'GET', '/api/segmentations/shared'));
    expect(desk.definition.goal).toBe('Hers');
  });

  it('is saved by nobody who does not say what they had before them', async () => {
    const answer = await rig.ask(anna, 'PUT', '/api/segmentations/shared/draft', {
      definition: definition('shared'),
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: 'if_match_missing' });
  });

  it('is published by a second person where the company wants that', async () => {
    const { pool, tenant } = rig.database;
    const policy = { ...tenant.policy, approval: 'second_person' as const };
    await updateTenant(pool, tenant.id, { policy });
    const tag = await begin('approved');
    const publish = (who: Visitor) =>
      rig.ask(who, 'POST', '/api/segmentations/approved/publish', undefined, { 'if-match': tag });
    const own = await publish(anna);
    expect([own.status, (await said(own)).code]).toEqual([403, 'second_person_needed']);
    const proposed = await rig.ask(anna, 'POST', '/api/segmentations/approved/propose', undefined, {
      'if-match': tag,
    });
    expect(proposed.status).toBe(204);
    expect((await publish(viewer)).status).toBe(403);
    expect((await publish(ben)).status).toBe(200);
    await updateTenant(pool, tenant.id, { policy: { ...policy, approval: 'one' } });
  });

  it('begins from a template, once', async () => {
    const first = await rig.ask(anna, 'POST', '/api/segmentations', { template: 'value-tiers' });
    expect(first.status).toBe(201);
    const again = await rig.ask(anna, 'POST', '/api/segmentations', { template: 'value-tiers' });
    expect([again.status, (await said(again)).code]).toEqual([409, 'key_taken']);
  });

  it('is retired for good', async () => {
    const answer = await rig.ask(anna, 'POST', '/api/segmentations/approved/retire', { values: 'keep' });
    expect(answer.status).toBe(204);
    const again = await rig.ask(anna, 'POST', '/api/segmentations', { definition: definition('approved') });
    expect(again.status).toBe(409);
  });
});

describe('a definition that somebody writes', () => {
  it('is told its faults with line and column', async () => {
    const text =
      'key: x\nname: X\nsubject: person\nmethod: rules\nsegments:\n  - key: a\n    name: A\n    when: { attribute: contry, is: US }\n';
    const answer = await said(rig.ask(viewer, 'POST', '/api/segmentations/check', { text }));
    expect(answer.problems).toMatchObject([
      {
        line: 8,
        column: 24,
        path: ['segments', 0, 'when', 'attribute'],
        message: expect.stringMatching(/country/),
      },
    ]);
  });

  it('comes back as YAML from a definition, and the other way round', async () => {
    const check = (body: unknown) => said(rig.ask(viewer, 'POST', '/api/segmentations/check', body));
    const written = await check({ definition: definition('x') });
    expect(written.problems).toEqual([]);
    const read = await check({ text: written.yaml });
    expect(read.definition).toEqual(written.definition);
  });

  it('uses nothing sensitive without a basis on record', async () => {
    const given = definition('x');
    given.segments[0] = { key: 'big', name: 'B', when: { all: [{ attribute: 'religion', is: 'x' }] } };
    const answer = await rig.ask(viewer, 'POST', '/api/segmentations/preview', { definition: given });
    expect(answer.status).toBe(400);
  });
});

describe('a preview', () => {
  it('says how many each rule keeps and drops, and finds the known mistakes', async () => {
    const answer = await rig.ask(viewer, 'POST', '/api/segmentations/preview', {
      definition: definition('x'),
    });
    expect(await answer.json()).toMatchObject({
      total: PEOPLE,
      counted: PEOPLE,
      segments: [
        {
          segment: 'big',
          size: 13,
          rules: [
            { kept: 25, dropped: 75 },
            { kept: 13, dropped: 12 },
          ],
        },
      ],
      findings: expect.arrayContaining([expect.objectContaining({ mistake: 'no_goal' })]),
    });
  });

  it('says which conditions are passed over, as nothing feeds what they ask for', async () => {
    const either = [
      { attribute: 'country', is: 'US' },
      { attribute: 'nps_score', atLeast: 9 },
    ];
    const given = definition('x', {
      segments: [
        { key: 'told', name: 'Told', when: { any: either } },
        { key: 'fans', name: 'Fans', when: either[1] },
      ],
    });
    const answer = await said(rig.ask(viewer, 'POST', '/api/segmentations/preview', { definition: given }));
    expect(answer).toMatchObject({
      segments: [
        { size: 25, needs: [], passedOver: ['Recommendation score (0 to 10)'] },
        { needs: ['Recommendation score (0 to 10)'], passedOver: [] },
      ],
    });
  });

  it('names members of each segment', async () => {
    const answer = await said(
      rig.ask(viewer, 'POST', '/api/segmentations/preview', { definition: definition('x'), samples: 2 }),
    );
    expect(answer.segments[0].samples).toEqual(['person:52', 'person:56']);
    expect(answer.segments[0]).not.toHaveProperty('members');
  });

  it('leaves nothing in the audit log: it changes nothing', async () => {
    const { rows } = await rig.database.pool.query(`select from app.audit where action like '%preview%'`);
    expect(rows).toEqual([]);
  });
});

it('offers attributes with their operators, what is sensitive, and values to choose from', async () => {
  const { attributes, operators } = await said(rig.ask(viewer, 'GET', '/api/attributes'));
  const find = (key: string) =>
    attributes.find((one: { owner: string; key: string }) => one.owner === 'person' && one.key === key);
  expect(find('country')).toMatchObject({ type: 'text', state: 'ready', isAllowed: true });
  expect(find('religion')).toMatchObject({ sensitivity: 'sensitive', isAllowed: false });
  expect(find('last_login_at')).toMatchObject({ state: 'missing' });
  expect(operators.money).toContain('topPercent');
  const values = await rig.ask(viewer, 'GET', '/api/attributes/person/country/values');
  expect(await values.json()).toEqual({
    values: [
      { value: 'DE', name: 'DE', count: 75 },
      { value: 'US', name: 'US', count: 25 },
    ],
  });
});

it('shows templates with what their segments lack', async () => {
  const { items } = await said(rig.ask(viewer, 'GET', '/api/templates'));
  const saas = items.find(({ key }: { key: string }) => key === 'saas');
  expect(
    saas.sets[0].segments.some(({ lacks }: { lacks: string[] }) => lacks.includes('last_login_at')),
  ).toBe(true);
});

it('lists all eight methods with the settings that their forms ask for', async () => {
  const { items } = await said(rig.ask(viewer, 'GET', '/api/methods'));
  expect(items.map(({ method }: { method: string }) => method)).toEqual([
    'rules',
    'tiers',
    'rfm',
    'lifetime_value',
    'churn',
    'clusters',
    'scorecard',
    'lookalike',
  ]);
  const setting = (method: string, key: string) =>
    items
      .find((one: { method: string }) => one.method === method)
      .settings.find((one: { key: string }) => one.key === key);
  expect(setting('tiers', 'of')).toMatchObject({ kind: 'measure', isOptional: false });
  expect(setting('lookalike', 'seed')).toMatchObject({ kind: 'segment', isOptional: false });
  expect(setting('churn', 'horizon')).toMatchObject({ kind: 'duration' });
  expect(setting('scorecard', 'of')).toMatchObject({ kind: 'features' });
  for (const { settings } of items) for (const { key, help } of settings) expect(help, key).not.toBe('');
});

describe('the picture of a method', () => {
  const picture = (given: unknown) =>
    rig.ask(viewer, 'POST', '/api/segmentations/picture', { definition: given });
  const tiers = definition('worth', {
    method: 'tiers',
    of: 'revenue_total',
    segments: [
      { key: 'gold', name: 'Gold', topPercent: 10 },
      { key: 'rest', name: 'Rest' },
    ],
  });

  it('shows where tiers cut, on a histogram of everybody', async () => {
    const answer = await said(picture(tiers));
    expect(answer).toMatchObject({ reason: null, picture: { method: 'tiers' } });
    // Ten of a hundred have 910 to 1,000.
    expect(answer.picture.cuts).toEqual([
      { segment: 'Gold', at: 910 },
      { segment: 'Rest', at: null },
    ]);
    const counts = answer.picture.bins.map(({ count }: { count: number }) => count);
    expect(counts.reduce((sum: number, count: number) => sum + count, 0)).toBe(PEOPLE);
  });

  it('is none for rules, which stand for themselves', async () => {
    expect(await said(picture(definition('x')))).toEqual({ picture: null, reason: null, warnings: [] });
  });

  it('refuses what is not a definition, and what is sensitive', async () => {
    const odd = await picture({ ...tiers, method: 'tears' });
    expect(odd.status).toBe(400);
    expect(await odd.json()).toMatchObject({
      code: 'definition_invalid',
      detail: expect.stringContaining('known: rules, tiers, rfm, lifetime_value, churn, clusters'),
    });
    const sensitive = await picture({ ...tiers, among: { attribute: 'religion', is: 'x' } });
    expect(sensitive.status).toBe(400);
  });
});
