import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RulesSegmentation } from '../../src/segmentation/definition.ts';
import { type Rig, writtenRig } from '../integration/rig.ts';
import { customers } from '../integration/shop.ts';
import { type ServerRig, startServer, type Visitor } from './rig.ts';

let server: ServerRig;
let rig: Rig;
let revops: Visitor;
let viewer: Visitor;
let connection: string;

beforeAll(async () => {
  server = await startServer();
  rig = await writtenRig(server.database, { people: customers(12) });
  revops = await server.visitor('revops', rig.tenant);
  viewer = await server.visitor('viewer', rig.tenant);
  const { items } = await get<{ items: { id: string }[] }>(revops, '/api/connections');
  connection = items[0]?.id ?? '';
});
afterAll(async () => {
  await rig.stop();
  await server.close();
});

async function get<T>(as: Visitor, path: string): Promise<T> {
  const answer = await server.ask(as, 'GET', path);
  expect(answer.status, path).toBe(200);
  return (await answer.json()) as T;
}

type Attribute = {
  owner: string;
  key: string;
  state: string;
  known: number;
  total: number;
  feeds: { property: string; filled: boolean }[];
  usedBy: string[];
  sensitivity: string;
  isAllowed: boolean;
  repVisible: boolean;
};

async function attribute(owner: string, key: string): Promise<Attribute | undefined> {
  const { attributes } = await get<{ attributes: Attribute[] }>(viewer, '/api/mapping');
  return attributes.find((one) => one.owner === owner && one.key === key);
}

const mappingPath = (object: string, key: string) =>
  `/api/connections/${connection}/mappings/${object}/${key}`;

describe('the mapping', () => {
  it('says what feeds an attribute, how many have a value and who uses it', async () => {
    expect(await attribute('person', 'email')).toMatchObject({ state: 'ready', known: 12, total: 12 });
    expect((await attribute('person', 'revenue_total'))?.usedBy).toContain('spend');
    expect(await attribute('person', 'religion')).toMatchObject({ state: 'missing', feeds: [] });
  });

  it('takes a new attribute with its description only, and fills it with the next run', async () => {
    const bare = await server.ask(revops, 'PUT', mappingPath('contact', 'shoe_size'), {
      property: 'shoe_size',
    });
    expect(bare.status).toBe(404);
    const made = await server.ask(revops, 'PUT', mappingPath('contact', 'shoe_size'), {
      property: 'shoe_size',
      describe: { name: 'Shoe size', type: 'number', kind: 'demographic' },
    });
    expect(made.status).toBe(204);
    expect(await attribute('person', 'shoe_size')).toMatchObject({
      state: 'filling',
      feeds: [{ property: 'shoe_size', filled: false }],
    });
  });

  it('lets go of one that nobody uses, with its values, and of none that somebody needs', async () => {
    expect((await server.ask(revops, 'DELETE', mappingPath('contact', 'first_name'))).status).toBe(204);
    expect((await attribute('person', 'first_name'))?.state).toBe('missing');
    const { rows } = await server.database.pool.query(
      `select from ${rig.tenant.schema}.contact_record where properties ? 'first_name'`,
    );
    expect(rows).toHaveLength(0);
    expect((await server.ask(revops, 'DELETE', mappingPath('contact', 'email'))).status).toBe(409);
  });

  it('feeds nothing that is worked out here', async () => {
    const answer = await server.ask(revops, 'PUT', mappingPath('contact', 'revenue_total'), {
      property: 'x',
    });
    expect(await answer.json()).toMatchObject({ code: 'attribute_computed' });
  });
});

describe('the sensitivity of an attribute', () => {
  const path = '/api/attributes/person/country/sensitivity';
  const waiting = async () => {
    const { rows } = await server.database.pool.query<{ code: string }>(
      `select reason ->> 'code' as code from ${rig.tenant.schema}.target
       where segmentation = 'abroad' and state = 'held'`,
    );
    return rows.map(({ code }) => code);
  };

  it('is raised after saying what has to wait, and then it waits for a lawful basis', async () => {
    await rig.publish(
      RulesSegmentation.parse({
        key: 'abroad',
        name: 'Abroad',
        subject: 'person',
        method: 'rules',
        segments: [{ key: 'far', name: 'Far away', when: { attribute: 'country', is: 'NZ' } }],
      }),
    );
    await rig.release();
    const admin = await server.visitor('admin', rig.tenant);
    for (const visitor of [revops, viewer])
      expect((await server.ask(visitor, 'PUT', path, { sensitivity: 'sensitive' })).status).toBe(403);

    const refused = [{ key: 'abroad', name: 'Abroad' }];
    expect(await get(admin, `${path}?to=sensitive`)).toMatchObject({ needsReason: false, refused });
    expect(await waiting()).toEqual([]);
    const raised = await server.ask(admin, 'PUT', path, { sensitivity: 'sensitive' });
    expect(await raised.json()).toMatchObject({ to: 'sensitive', refused });
    expect(new Set(await waiting())).toEqual(new Set(['basis_missing']));
    await expect(rig.release()).rejects.toMatchObject({ code: 'lawful_basis_missing' });
    expect(await attribute('person', 'country')).toMatchObject({ isAllowed: false, repVisible: false });
  });

  it('is lowered with a reason alone, which is kept', async () => {
    const admin = await server.visitor('admin', rig.tenant);
    const silent = await server.ask(admin, 'PUT', path, { sensitivity: 'normal' });
    expect(silent.status).toBe(400);
    expect(await silent.json()).toMatchObject({ code: 'reason_missing' });
    const reason = 'The country of the office, not of the person';
    expect((await server.ask(admin, 'PUT', path, { sensitivity: 'normal', reason })).status).toBe(200);
    expect(await attribute('person', 'country')).toMatchObject({ isAllowed: true, repVisible: true });
    const log = await get<{ items: { before: unknown; after: unknown }[] }>(
      viewer,
      '/api/audit?action=attribute.sensitivity',
    );
    // Refused attempts are noted as well, without a value before.
    expect(log.items.filter(({ before }) => before !== null)).toHaveLength(2);
    expect(log.items[0]).toMatchObject({
      subject: 'person.country',
      before: { sensitivity: 'sensitive' },
      after: { sensitivity: 'normal', reason },
    });
  });

  it('stays with what is sensitive by law, whatever the reason', async () => {
    const admin = await server.visitor('admin', rig.tenant);
    const mapped = await server.ask(revops, 'PUT', mappingPath('contact', 'religion'), { property: 'faith' });
    expect(mapped.status).toBe(204);
    const answer = await server.ask(admin, 'PUT', '/api/attributes/person/religion/sensitivity', {
      sensitivity: 'normal',
      reason: 'We only count',
    });
    expect(await answer.json()).toMatchObject({ code: 'sensitive_by_law' });
    expect(await attribute('person', 'religion')).toMatchObject({ sensitivity: 'sensitive' });
  });
});

describe('what counts as revenue', () => {
  type Count = { sums: { deals: number; amount: string }[]; lines: { pipeline: string; countsAs: string }[] };
  const base = { kind: 'deals', amount: 'amount', refunds: { policy: 'subtract' } };

  it('is told with counts and sums, and foretold before it is changed', async () => {
    const { connections } = await get<{ connections: Count[] }>(revops, '/api/revenue');
    // Four with one order of 100, four with 700 and 800.
    expect(connections[0]?.sums).toEqual([expect.objectContaining({ deals: 12, amount: '6400.00' })]);
    const answer = await server.ask(revops, 'POST', `/api/connections/${connection}/revenue/preview`, {
      ...base,
      pipelines: ['of nobody'],
    });
    const preview = (await answer.json()) as Count;
    expect(preview.sums).toEqual([]);
    expect(preview.lines.every(({ countsAs }) => countsAs === 'left_out')).toBe(true);
  });

  it('calls pipelines and stages as the CRM does', async () => {
    const { connections } = await get<{ connections: { names: unknown }[] }>(revops, '/api/revenue');
    expect(connections[0]?.names).toMatchObject({
      pipelines: { default: 'Sales' },
      stages: { closedwon: 'Closed won' },
    });
  });

  it('is changed for good, noted in the log, and by nobody who only looks', async () => {
    const body = { ...base, refunds: { policy: 'ignore' } };
    const path = `/api/connections/${connection}/revenue`;
    expect((await server.ask(viewer, 'PUT', path, body)).status).toBe(403);
    expect((await server.ask(revops, 'PUT', path, body)).status).toBe(204);
    const { connections } = await get<{ connections: { setting: unknown }[] }>(revops, '/api/revenue');
    expect(connections[0]?.setting).toMatchObject({ refunds: { policy: 'ignore' } });
    const log = await get<{ items: { action: string }[] }>(viewer, '/api/audit?action=revenue');
    expect(log.items.length).toBeGreaterThan(0);
  });

  it('refuses settings that it does not know', async () => {
    const path = `/api/connections/${connection}/revenue`;
    expect((await server.ask(revops, 'PUT', path, { ...base, kinds: 1 })).status).toBe(400);
  });
});
