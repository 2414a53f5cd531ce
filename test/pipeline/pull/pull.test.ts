import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RateLimitError, RemoteError } from '../../../src/errors.ts';
import { acceptFall, listFalls } from '../../../src/pipeline/pull/falls.ts';
import { pullSlice } from '../../../src/pipeline/pull/pull.ts';
import { listAttributes } from '../../../src/store/columns.ts';
import { noteDirtyRecords } from '../../../src/store/dirty.ts';
import { openTestDatabase, type TestDatabase } from '../../database.ts';
import { ArrayCrm } from '../array-crm.ts';
import {
  emptyTenant,
  partition,
  pullUnifyProfile,
  runStage,
  setUp,
  type TestConnection,
  workOn,
} from '../stages.ts';

let db: TestDatabase;
let crm: ArrayCrm;
let connections: TestConnection[];

beforeAll(async () => {
  db = await openTestDatabase();
});
afterAll(() => db.close());
beforeEach(start);

async function start() {
  await emptyTenant(db.pool, db.tenant);
  crm = new ArrayCrm();
  connections = [{ id: 'hubspot', crm }];
  await setUp(db.pool, db.tenant, connections);
}

const pull = (options = {}) => runStage(pullSlice, () => workOn(db.pool, db.tenant, connections, options));
/** A run that reads everything again; it is a row, as its start decides whether a pass is of this run. */
const pullAll = async () => {
  const [run] = await rows(`insert into S.run (as_of) values (now()) returning id`);
  const counts = await pull({ full: true, runId: String(run?.id) });
  await rows(`update S.run set state = 'done'`);
  return counts;
};
const rows = async (sql: string) => (await db.pool.query(sql.replaceAll('S.', `${db.tenant.schema}.`))).rows;
const live = async () =>
  (await rows(`select id from S.contact_record where state = 'live' order by id`)).map((r) => r.id);

describe('a pull', () => {
  it('takes a record back that was restored under its old time, with the daily look at every id', async () => {
    crm.put('contact', 'c1', { email: 'c1@x.com' }).put('contact', 'c2', { email: 'c2@x.com' });
    const before = crm.live.get('contact/c1');
    await pull();
    crm.remove('contact', 'c1');
    await pull();
    expect(await live()).toEqual(['c2']);
    if (before) crm.live.set('contact/c1', before);
    crm.gone.length = 0;
    await pull();
    expect(await live()).toEqual(['c2']);
    await rows(`update S.cursor set updated_at = updated_at - interval '2 days'`);
    await pull();
    expect(await live()).toEqual(['c1', 'c2']);
  });

  it('reads everything once, then only what changed', async () => {
    for (let i = 0; i < 7; i += 1) crm.put('contact', `c${i}`, { email: `c${i}@x.com` });
    expect(await pull()).toMatchObject({ 'contact.read': 8, 'contact.new': 7 });
    crm.calls.length = 0;
    crm.put('contact', 'c3', { email: 'new@x.com' }).remove('contact', 'c4');
    expect(await pull()).toMatchObject({ 'contact.changed': 1, 'contact.deleted': 1 });
    expect(crm.calls.filter((call) => call.startsWith('contact'))).toEqual([
      'contact changes',
      'contact deleted',
    ]);
    expect(await rows(`select properties, email from S.contact_record where id = 'c4'`)).toEqual([
      { properties: {}, email: null },
    ]);
  });

  it('notes what the CRM calls the values that it reads, and keeps the names of options that are gone', async () => {
    const interests = {
      object: 'contact',
      name: 'interests',
      label: 'Interests',
      type: 'enumeration',
    } as const;
    const names = async () => {
      const attributes = await listAttributes(db.pool, db.tenant);
      return attributes.find(({ key }) => key === 'interests')?.valueNames;
    };
    const offer = async (options: { value: string; label: string }[]) => {
      crm.properties = [
        { object: 'contact', name: 'email', label: 'Email', type: 'string', readOnly: false, ours: false },
        { ...interests, options, readOnly: false, ours: false },
      ];
      await pull();
      return names();
    };
    expect(await offer([{ value: 'trail_running', label: 'Trail running' }])).toEqual({
      trail_running: 'Trail running',
    });
    expect(
      await offer([
        { value: 'bikes', label: 'Bikes' },
        { value: 'tea', label: '' },
      ]),
    ).toEqual({ trail_running: 'Trail running', bikes: 'Bikes', tea: 'tea' });
    expect(await offer([{ value: 'bikes', label: 'Cycling' }])).toMatchObject({ bikes: 'Cycling' });
  });

  it('goes on where it was killed, whichever page that was', async () => {
    for (let i = 0; i < 5; i += 1) crm.put('contact', `c${i}`, { email: `c${i}@x.com` });
    crm.put('deal', 'd', {}, { links: [{ to: 'contact', id: 'c1' }] });
    crm.pageSize = 2;
    let killed = 0;
    for (let at = 1; at < 40; at += 1) {
      let page = 0;
      crm.beforePage = () => {
        page += 1;
        if (page === at) throw new Error('killed');
      };
      const failed = await pull().then(
        () => false,
        () => true,
      );
      if (!failed) break;
      killed += 1;
    }
    crm.beforePage = () => {};
    await pull();
    expect(killed).toBeGreaterThan(1);
    expect(await live()).toEqual(['c0', 'c1', 'c2', 'c3', 'c4']);
    expect(await rows('select from_id, to_id from S.association')).toEqual([{ from_id: 'd', to_id: 'c1' }]);
  });

  it('never lets an older answer overwrite a newer one, and keeps what does not parse apart', async () => {
    crm.put('contact', 'a', { first_name: 'New', age: 'forty' }, { at: 50 });
    await pull();
    crm.put('contact', 'a', { first_name: 'Old' }, { at: 20 });
    await noteDirtyRecords(db.pool, db.tenant, { connectionId: 'hubspot', object: 'contact', ids: ['a'] });
    await pull();
    expect(await rows('select properties, invalid from S.contact_record')).toEqual([
      { properties: { first_name: 'New' }, invalid: { age: 'forty' } },
    ]);
    expect(await rows('select * from S.dirty_record')).toEqual([]);
  });

  it('keeps the values of a property that the CRM lost, and says so', async () => {
    crm.put('contact', 'a', { first_name: 'Ann', age: '40' });
    await pull();
    const names = ['email', 'first_name'];
    crm.properties = names.map((name) => ({
      object: 'contact',
      name,
      label: name,
      type: 'text',
      readOnly: false,
      ours: false,
    }));
    crm.put('contact', 'a', { first_name: 'Anna' });
    await pull();
    expect(await rows('select properties from S.contact_record')).toEqual([
      { properties: { first_name: 'Anna', age: 40 } },
    ]);
    expect(
      await rows(`select problem from S.mapping where object = 'contact' and attribute = 'age'`),
    ).toEqual([{ problem: expect.stringContaining('no longer has the property age') }]);
  });

  it('waits where the CRM asks to, without losing what it has', async () => {
    crm.put('contact', 'a', {}).put('deal', 'b', {});
    crm.beforePage = (request) => {
      if (request.object !== 'deal') return;
      throw new RateLimitError('slow', 'too many calls', { action: 'wait', retryAfterMs: 7_000 });
    };
    const result = await pullSlice(workOn(db.pool, db.tenant, connections), {});
    expect(result).toMatchObject({ done: false, waitMs: 7_000 });
    expect(await live()).toEqual(['a']);
  });

  it('goes on without a connection that lost a right, and asks for it', async () => {
    await emptyTenant(db.pool, db.tenant);
    const other = new ArrayCrm().put('contact', 's1', { email: 's1@x.com' });
    connections = [
      { id: 'hubspot', crm, rank: 0 },
      { id: 'salesforce', crm: other, rank: 1 },
    ];
    await setUp(db.pool, db.tenant, connections);
    crm.put('contact', 'h1', { email: 'h1@x.com' });
    crm.beforePage = ({ object }) => {
      if (object !== 'deal') return;
      const options = { status: 403, action: 'Reconnect it and allow all rights.' };
      throw new RemoteError('missing_scope', 'We did not get the right to read deals.', options);
    };
    await pull();
    expect(await live()).toEqual(['h1', 's1']);
    const states = await rows('select id, state, reason from app.connection order by id');
    expect(states).toMatchObject([
      {
        id: 'hubspot',
        state: 'needs_you',
        reason: { code: 'missing_scope', action: 'Reconnect it and allow all rights.' },
      },
      { id: 'salesforce', state: 'connected', reason: null },
    ]);
  });

  it('removes nothing on a large fall until a person says that it is right', async () => {
    crm.pageSize = 100;
    for (let i = 0; i < 120; i += 1) crm.put('contact', `c${i}`, {});
    await pull();
    crm.live.clear();
    expect(await pullAll()).toMatchObject({ 'contact.held': 120 });
    expect(await live()).toHaveLength(120);
    const [fall] = await listFalls(db.pool, db.tenant);
    expect(fall).toMatchObject({ object: 'contact', purpose: 'full', live: 120, missing: 120 });
    if (fall) await acceptFall(db.pool, db.tenant, fall);
    await pull();
    expect(await live()).toHaveLength(0);
  });

  it('asks by id for records that a pass over all did not meet', async () => {
    for (let i = 0; i < 5; i += 1) crm.put('contact', `c${i}`, {});
    await pull();
    crm.live.delete('contact/c2');
    await pullAll();
    expect(await live()).toEqual(['c0', 'c1', 'c3', 'c4']);
    expect(crm.calls).toContain('contact ids');
  });
});

describe('the order in which records arrive', () => {
  const Contact = fc.record({
    system: fc.constantFrom('hubspot', 'salesforce'),
    id: fc.constantFrom('1', '2', '3', '4', '5', '6', '7', '8'),
    email: fc.constantFrom('a@x.com', 'b@x.com', 'c@x.com', 'info@x.com', ''),
    others: fc.constantFrom('', '', '', 'A@x.com; d@x.com', 'b@x.com', 'd@x.com;info@x.com'),
    cross: fc.constantFrom('', '', '1', '2', '3'),
  });

  it('changes neither who is one person nor what each total adds up to', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(Contact, { minLength: 3, maxLength: 14, selector: (c) => `${c.system}${c.id}` }),
        fc.array(fc.nat(), { minLength: 14, maxLength: 14 }),
        fc.integer({ min: 1, max: 5 }),
        async (contacts, shuffle, batches) => {
          const outcomes: unknown[] = [];
          const shuffled = contacts.map((c, i) => ({ c, at: shuffle[i] ?? 0 })).sort((x, y) => x.at - y.at);
          for (const [order, parts] of [
            [contacts, 1],
            [shuffled.map(({ c }) => c), batches],
          ] as const) {
            outcomes.push(await outcomeOf([...order], parts));
          }
          expect(outcomes[1]).toEqual(outcomes[0]);
        },
      ),
      { numRuns: 6 },
    );
  });

  async function outcomeOf(
    contacts: { system: string; id: string; email: string; others: string; cross: string }[],
    parts: number,
  ) {
    await emptyTenant(db.pool, db.tenant);
    const crms = { hubspot: new ArrayCrm(), salesforce: new ArrayCrm() };
    const both = Object.entries(crms).map(([id, of]) => ({ id, crm: of }));
    await setUp(db.pool, db.tenant, both);
    for (let part = 0; part < parts; part += 1) {
      for (const { system, id, email, others, cross } of contacts.filter(
        (_, index) => index % parts === part,
      )) {
        const other = system === 'hubspot' ? 'cross_salesforce_id' : 'cross_hubspot_id';
        const of = system === 'hubspot' ? crms.hubspot : crms.salesforce;
        // Times belong to the record, not to its arrival.
        of.put('contact', id, { email, other_emails: others, [other]: cross }, { createdAt: Number(id) });
        of.put(
          'deal',
          `d${id}`,
          { amount: `${Number(id) * 10}`, won: true, closed: true },
          { links: [{ to: 'contact', id }] },
        );
      }
      await pullUnifyProfile(db.pool, db.tenant, both);
    }
    const s = db.tenant.schema;
    const { rows: totals } = await db.pool.query(
      `select min(r.connection_id || '/' || r.id) as who, max(p.revenue_total)::text as revenue
       from ${s}.person p join ${s}.contact_record r on r.person_id = p.id group by p.id order by 1`,
    );
    return { people: await partition(db.pool, db.tenant, 'contact'), totals };
  }
});
