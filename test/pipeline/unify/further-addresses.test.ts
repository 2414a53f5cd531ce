import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { unmapProperty } from '../../../src/pipeline/connection/change-mapping.ts';
import { openTestDatabase, type TestDatabase } from '../../database.ts';
import { ArrayCrm } from '../array-crm.ts';
import { emptyTenant, partition, pullUnifyProfile, setUp, type TestConnection } from '../stages.ts';

let db: TestDatabase;
let hubspot: ArrayCrm;
let salesforce: ArrayCrm;
let connections: TestConnection[];

beforeAll(async () => {
  db = await openTestDatabase();
});
afterAll(() => db.close());
beforeEach(async () => {
  await emptyTenant(db.pool, db.tenant);
  hubspot = new ArrayCrm();
  salesforce = new ArrayCrm();
  connections = [
    { id: 'hubspot', crm: hubspot, rank: 1 },
    { id: 'salesforce', crm: salesforce, rank: 0 },
  ];
  await setUp(db.pool, db.tenant, connections);
});

const run = () => pullUnifyProfile(db.pool, db.tenant, connections);
const people = () => partition(db.pool, db.tenant, 'contact');
const rows = async (sql: string) => (await db.pool.query(sql.replaceAll('S.', `${db.tenant.schema}.`))).rows;

describe('a further address of a contact', () => {
  it('makes it one person with who has that address as their only one, in whichever order they come', async () => {
    hubspot.put('contact', '1', { email: 'ann@work.com', other_emails: ' Ann@Home.com;ann@old.com' });
    await run();
    salesforce.put('contact', 'S1', { email: 'ann@home.com' });
    await run();
    salesforce.put('contact', 'S2', { email: 'bob@home.com' });
    await run();
    hubspot.put('contact', '2', { email: 'bob@work.com', other_emails: 'BOB@home.com' });
    await run();
    expect(await people()).toEqual(['hubspot/1 salesforce/S1', 'hubspot/2 salesforce/S2']);
  });

  it('joins nobody where it is of a role, or more than five records of one CRM have it', async () => {
    hubspot.put('contact', '1', { email: 'ann@x.com', other_emails: 'info@x.com;all@x.com' });
    salesforce.put('contact', 'S1', { email: 'info@x.com' });
    const crowd = ['a', 'b', 'c', 'd', 'e'];
    for (const id of crowd) salesforce.put('contact', id, { email: 'all@x.com' });
    await run();
    const together = ['hubspot/1', ...crowd.map((id) => `salesforce/${id}`)].join(' ');
    expect(await people()).toEqual([together, 'salesforce/S1']);
    // The sixth has it as a further one, which counts like a first.
    salesforce.put('contact', 'f', { email: 'eff@x.com', other_emails: 'all@x.com' });
    await run();
    expect(await people()).toHaveLength(8);
    salesforce.put('contact', 'f', { other_emails: '' });
    await run();
    expect(await people()).toEqual([together, 'salesforce/S1', 'salesforce/f']);
  });

  it('joins nobody where a contact has collected more than ten of them', async () => {
    const many = Array.from({ length: 11 }, (_, index) => `p${index}@x.com`);
    hubspot.put('contact', '1', { email: 'form@x.com', other_emails: many.join(';') });
    for (const email of ['form@x.com', ...many]) salesforce.put('contact', email, { email });
    await run();
    expect(await people()).toHaveLength(12);
    hubspot.put('contact', '1', { other_emails: many.slice(1).join(';') });
    await run();
    expect(await people()).toHaveLength(2);
  });

  it('is let go with the contact it was taken from, or with its mapping', async () => {
    hubspot.put('contact', '1', { email: 'ann@work.com', other_emails: 'ann@home.com' });
    salesforce.put('contact', 'S1', { email: 'ann@home.com' });
    await run();
    hubspot.put('contact', '1', { other_emails: null });
    await run();
    expect(await people()).toEqual(['hubspot/1', 'salesforce/S1']);
    hubspot.put('contact', '1', { other_emails: 'ann@home.com' });
    await run();
    expect(await people()).toHaveLength(1);
    for (const connectionId of ['hubspot', 'salesforce'])
      await unmapProperty(db.pool, db.tenant, { connectionId, object: 'contact', attribute: 'other_emails' });
    await run();
    expect(await people()).toEqual(['hubspot/1', 'salesforce/S1']);
  });

  it('keeps everybody together when a CRM merges contacts, and no id changes again after it', async () => {
    hubspot.put('contact', '1', { email: 'ann@work.com' }).put('contact', '2', { email: 'ann@home.com' });
    salesforce.put('contact', 'S2', { email: 'ann@home.com' });
    await run();
    const [before] = await rows(`select person_id from S.contact_record where id = '2'`);
    hubspot.put('contact', '1', { other_emails: 'ann@home.com' }).merge('contact', '2', '1');
    await run();
    expect(await people()).toEqual(['hubspot/1 salesforce/S2']);
    expect(await rows(`select distinct person_id from S.contact_record where state = 'live'`)).toEqual([
      before,
    ]);
    const merges = await rows('select * from S.merge');
    for (const first of [true, false]) {
      // Either address may come to be the first one.
      hubspot.put('contact', '1', {
        email: first ? 'ann@home.com' : 'ann@work.com',
        other_emails: first ? 'ann@work.com' : 'ann@home.com',
      });
      await run();
      expect(await rows(`select distinct person_id from S.contact_record where state = 'live'`)).toEqual([
        before,
      ]);
    }
    expect(await rows('select * from S.merge')).toEqual(merges);
  });
});

it('keeps people together by addresses whose property is hidden from us for a while', async () => {
  const property = (name: string) => ({
    object: 'contact' as const,
    name,
    label: name,
    type: 'text',
    readOnly: false,
    ours: false,
  });
  const names = ['email', 'other_emails', 'first_name'];
  hubspot.properties = names.map(property);
  hubspot.put('contact', '1', { email: 'ann@work.com', other_emails: 'ann@home.com' });
  hubspot.put('contact', '2', { email: 'ann@work.com' });
  salesforce.put('contact', 'S1', { email: 'ann@home.com' });
  await run();
  expect(await people()).toEqual(['hubspot/1 hubspot/2 salesforce/S1']);
  hubspot.properties = names.slice(2).map(property);
  hubspot.put('contact', '1', { first_name: 'Ann' }).put('contact', '2', { first_name: 'Ann' });
  await run();
  expect(await people()).toEqual(['hubspot/1 hubspot/2 salesforce/S1']);
});
