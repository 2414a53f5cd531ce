import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Rig, writtenRig } from '../integration/rig.ts';
import { customers } from '../integration/shop.ts';
import { type ServerRig, startServer, type Visitor } from './rig.ts';

let server: ServerRig;
let rig: Rig;
let revops: Visitor;
let viewer: Visitor;
let admin: Visitor;

beforeAll(async () => {
  server = await startServer();
  rig = await writtenRig(server.database, {
    people: [...customers(30), { n: 31, email: '=cmd@example.com', orders: [[9000, 5]] }],
  });
  revops = await server.visitor('revops', rig.tenant);
  viewer = await server.visitor('viewer', rig.tenant);
  admin = await server.visitor('admin', rig.tenant);
});
afterAll(async () => {
  await rig.stop();
  await server.close();
});

type Item = {
  id: string;
  address: string | null;
  revenue: number | null;
  labels: { segment: string; segmentation: string }[];
};
type Page = { items: Item[]; next: string | null };

async function get<T>(as: Visitor, path: string): Promise<T> {
  const answer = await server.ask(as, 'GET', path);
  expect(answer.status, path).toBe(200);
  return (await answer.json()) as T;
}

async function pages(as: Visitor, path: string, limit: number): Promise<Item[]> {
  const items: Item[] = [];
  let next: string | null = null;
  do {
    const page: Page = await get<Page>(as, `${path}&limit=${limit}${next ? `&after=${next}` : ''}`);
    items.push(...page.items);
    next = page.next;
  } while (next);
  return items;
}

describe('the list of customers', () => {
  it('gives each once, most revenue first, however it is cut into pages', async () => {
    const all = await pages(revops, '/api/customers?order=value', 7);
    expect(all).toHaveLength(31);
    expect(new Set(all.map(({ id }) => id)).size).toBe(31);
    const revenues = all.map(({ revenue }) => revenue ?? 0);
    expect(revenues).toEqual([...revenues].sort((a, b) => b - a));
    expect(all[0]).toMatchObject({ revenue: 9000 });
  });

  it('finds by the beginning of an address, whatever else is in the text', async () => {
    const found = await get<Page>(revops, '/api/customers?search=CUSTOMER12');
    expect(found.items.map(({ address }) => address)).toEqual(['customer12@example.com']);
    expect(
      (await get<Page>(revops, `/api/customers?search=${encodeURIComponent("%'; drop")}`)).items,
    ).toEqual([]);
  });

  it('lists the members of one segment, and no money to those who only look', async () => {
    const sizes = await get<{ segmentation: { segments: { key: string; size: number }[] } }>(
      revops,
      '/api/segmentations/spend/segments/vip',
    );
    const high = sizes.segmentation.segments.find(({ key }) => key === 'vip');
    const members = await pages(viewer, '/api/customers?label=spend.vip', 3);
    expect(members.length).toBe(high?.size);
    expect(members.length).toBeGreaterThan(3);
    expect(members.every(({ revenue }) => revenue === null)).toBe(true);
    expect(members.every(({ labels }) => labels.some(({ segment }) => segment === 'vip'))).toBe(true);
  });

  it('refuses an end of page that it never gave', async () => {
    const answer = await server.ask(revops, 'GET', '/api/customers?after=abc');
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: 'page_invalid' });
  });
});

describe('the page of a customer', () => {
  it('shows records, labels with reasons, deals and history', async () => {
    const [first] = (await get<Page>(revops, '/api/customers?search=customer2@')).items;
    const customer = await get<Record<string, unknown>>(revops, `/api/customers/person/${first?.id}`);
    expect(customer).toMatchObject({
      address: 'customer2@example.com',
      records: [
        {
          system: 'hubspot',
          id: '100002',
          link: expect.stringMatching(/^https:\/\/app\.hubspot\.com\/contacts\/\d+\/record\/0-1\/100002$/),
          shown: expect.arrayContaining([
            expect.objectContaining({ state: 'shown', value: 'Big spenders', target: 'property' }),
          ]),
        },
      ],
      deals: [{ won: true }, { won: true }],
      history: expect.arrayContaining([expect.objectContaining({ segmentation: 'spend', entered: ['vip'] })]),
    });
    const explanations = customer.explanations as {
      segmentation: string;
      segments: { isLabel: boolean; sentences: string[] }[];
    }[];
    const held = explanations.flatMap(({ segments }) => segments).filter(({ isLabel }) => isLabel);
    expect(held.flatMap(({ sentences }) => sentences).join(' ')).toMatch(/1,500/);
  });

  it('keeps money from those who only look', async () => {
    const [first] = (await get<Page>(revops, '/api/customers?search=customer2@')).items;
    const answer = await server.ask(viewer, 'GET', `/api/customers/person/${first?.id}`);
    expect(await answer.text()).not.toMatch(/1,?500|\b[78]00\b/);
  });

  it('is nobody’s for another company', async () => {
    const stranger = await server.visitor('admin');
    const [first] = (await get<Page>(revops, '/api/customers')).items;
    const answer = await server.ask(stranger, 'GET', `/api/customers/person/${first?.id}`);
    expect(answer.status).toBe(404);
  });
});

describe('a segment', () => {
  it('is described in words, with its size and where it is written', async () => {
    const segment = await get<Record<string, unknown>>(revops, '/api/segmentations/spend/segments/vip');
    expect(segment).toMatchObject({
      name: expect.any(String),
      of: 31,
      targets: expect.arrayContaining([expect.objectContaining({ kind: 'property', state: 'live' })]),
    });
    expect(JSON.stringify(segment.words)).toMatch(/Revenue.*at least/);
  });

  it('goes into a file that a spreadsheet does not run, and the log knows of it', async () => {
    const answer = await server.ask(revops, 'GET', '/api/segmentations/spend/segments/vip/members.csv');
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="spend-vip.csv"');
    const text = await answer.text();
    expect(text).toContain("'=cmd@example.com");
    const { rows } = await server.database.pool.query(
      `select subject, after from app.audit where action = 'segment.download'`,
    );
    expect(rows).toEqual([{ subject: 'spend.vip', after: { rows: text.trim().split('\r\n').length - 1 } }]);
  });

  it('has a history, metrics and overlaps', async () => {
    const history = await get<{ flows: unknown[] }>(revops, '/api/segmentations/spend/history?to=2026-06-02');
    expect(history.flows.length).toBeGreaterThan(0);
    const metrics = await get<{ everybody: { members: number } }>(revops, '/api/segmentations/spend/metrics');
    expect(metrics.everybody.members).toBe(31);
    const overlap = await get<{ subjects: number }>(revops, '/api/segmentations/spend/overlap');
    expect(overlap.subjects).toBe(31);
  });

  it('that does not exist is said so', async () => {
    expect((await server.ask(revops, 'GET', '/api/segmentations/spend/segments/nobody')).status).toBe(404);
  });
});

describe('a request of privacy', () => {
  it('exports everything, then erases for good', async () => {
    const [one] = (await get<Page>(revops, '/api/customers?search=customer3@')).items;
    const path = `/api/customers/person/${one?.id}`;
    expect((await server.ask(revops, 'POST', `${path}/erase`, { confirm: 'erase' })).status).toBe(403);
    const exported = await server.ask(admin, 'POST', `${path}/export`);
    expect(await exported.text()).toContain('customer3@example.com');
    const erased = await server.ask(admin, 'POST', `${path}/erase`, { confirm: 'erase' });
    expect(await erased.json()).toMatchObject({ people: 1, records: 1 });
    expect((await server.ask(admin, 'GET', path)).status).toBe(404);
    const { rows } = await server.database.pool.query<{ action: string }>(
      `select * from app.audit where actor = $1 order by id`,
      [admin.email],
    );
    expect(rows.map(({ action }) => action)).toEqual(['customer.export', 'customer.erase']);
    expect(JSON.stringify(rows)).not.toContain('customer3');
  });
});
