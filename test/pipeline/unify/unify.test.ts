import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { rejoinRecord, splitRecord } from '../../../src/pipeline/unify/split.ts';
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

describe('persons', () => {
  it('are one across CRMs by normalised e-mail and by cross reference', async () => {
    hubspot.put('contact', '1', { email: ' Ann@Exämple.com ' });
    hubspot.put('contact', '2', { email: 'bob@example.com', cross_salesforce_id: 'S2' });
    hubspot.put('contact', '3', { email: 'cy@example.com' });
    salesforce.put('contact', 'S1', { email: 'ann@xn--exmple-cua.com' });
    salesforce.put('contact', 'S2', { email: 'robert@example.com' });
    await run();
    expect(await people()).toEqual(['hubspot/1 salesforce/S1', 'hubspot/2 salesforce/S2', 'hubspot/3']);
  });

  it('are not made one by role addresses, nor by an address that more than five records hold', async () => {
    for (const id of ['1', '2']) hubspot.put('contact', id, { email: 'info@example.com' });
    for (const id of ['a', 'b', 'c', 'd', 'e']) hubspot.put('contact', id, { email: 'family@example.com' });
    await run();
    expect(await people()).toEqual([
      'hubspot/1',
      'hubspot/2',
      'hubspot/a hubspot/b hubspot/c hubspot/d hubspot/e',
    ]);
    hubspot.put('contact', 'f', { email: 'family@example.com' });
    await run();
    expect(await people()).toHaveLength(8);
    hubspot.put('contact', 'f', { email: 'own@example.com' });
    await run();
    expect(await people()).toHaveLength(4);
  });

  it('of test accounts stay apart from those of production', async () => {
    const sandbox = new ArrayCrm().put('contact', '1', { email: 'ann@example.com' });
    hubspot.put('contact', '1', { email: 'ann@example.com' });
    const more: TestConnection[] = [{ id: 'trial', crm: sandbox, system: 'salesforce', mode: 'test' }];
    await db.pool.query(
      `insert into app.connection (id, tenant_id, system, name, mode, account_id)
       values ('trial', $1, 'salesforce', 'trial', 'test', 'trial')`,
      [db.tenant.id],
    );
    await db.pool.query(
      `insert into ${db.tenant.schema}.mapping (connection_id, object, attribute, property)
       values ('trial', 'contact', 'email', 'email')`,
    );
    await pullUnifyProfile(db.pool, db.tenant, [...connections, ...more]);
    expect(await people()).toEqual(['hubspot/1', 'trial/1']);
  });

  it('keep the id that holds most records, and say why they were merged', async () => {
    hubspot.put('contact', '1', { email: 'a@example.com' });
    hubspot.put('contact', '2', { email: 'b@example.com' }).put('contact', '3', { email: 'b@example.com' });
    await run();
    const [b] = await rows(`select person_id from S.contact_record where id = '3'`);
    hubspot.put('contact', '1', { email: 'b@example.com' });
    await run();
    expect(await rows('select distinct person_id from S.contact_record')).toEqual([b]);
    expect(await rows('select survivor_id, reason from S.merge')).toEqual([
      {
        survivor_id: b?.person_id,
        reason: {
          by: ['key'],
          records: [
            ['hubspot', '1'],
            ['hubspot', '2'],
            ['hubspot', '3'],
          ],
        },
      },
    ]);
    expect(await rows('select count(*)::int as n from S.person')).toEqual([{ n: 1 }]);
  });

  it('live on where a CRM merges records, and end with their last record', async () => {
    hubspot.put('contact', '1', { email: 'a@example.com' }).put('contact', '2', { email: 'b@example.com' });
    await run();
    const [before] = await rows(`select person_id from S.contact_record where id = '1'`);
    hubspot
      .put('contact', '9', { email: 'b@example.com' })
      .merge('contact', '1', '9')
      .merge('contact', '2', '9');
    await run();
    expect(await people()).toEqual(['hubspot/9']);
    expect(await rows(`select person_id from S.contact_record where id = '9'`)).toEqual([before]);
    hubspot.remove('contact', '9');
    await run();
    expect(await rows('select * from S.person')).toEqual([]);
  });

  it('go on as a contact where a lead was converted', async () => {
    salesforce.put('contact', '00Q1', { email: 'lead@example.com', first_name: 'Lea' }, { kind: 'lead' });
    await run();
    const [before] = await rows('select id from S.person');
    salesforce.put('contact', '0031', { email: 'new@example.com' }).merge('contact', '00Q1', '0031');
    await run();
    expect(await rows('select id from S.person')).toEqual([before]);
    expect(await people()).toEqual(['salesforce/0031']);
  });

  it('are told more by attribute rows, which make nobody', async () => {
    hubspot.put('contact', '1', { email: 'ann@example.com' });
    salesforce.put(
      'contact',
      'email:ann@example.com',
      { email: 'Ann@example.com', age: 41 },
      { kind: 'attributes' },
    );
    salesforce.put(
      'contact',
      'email:eve@example.com',
      { email: 'eve@example.com', age: 30 },
      { kind: 'attributes' },
    );
    await run();
    expect(await rows('select email, age from S.person')).toMatchObject([{ age: 41 }]);
    hubspot.put('contact', '2', { email: 'eve@example.com' });
    await run();
    expect(await rows('select age from S.person order by age')).toEqual([{ age: 30 }, { age: 41 }]);
  });

  it('stay apart after a person split a record off', async () => {
    hubspot.put('contact', '1', { email: 'a@example.com' }).put('contact', '2', { email: 'a@example.com' });
    await run();
    const [ann] = await rows('select person_id::text as id from S.contact_record limit 1');
    const of = {
      subject: 'person',
      subjectId: String(ann?.id),
      connectionId: 'hubspot',
      recordId: '2',
    } as const;
    await splitRecord(db.pool, db.tenant, of, 'ann');
    await run();
    expect(await people()).toEqual(['hubspot/1', 'hubspot/2']);
    hubspot.put('contact', '1', { first_name: 'Ann' });
    await run();
    expect(await people()).toEqual(['hubspot/1', 'hubspot/2']);

    // It is the only one of its own customer now: there is nothing more to split, and it may come back.
    const [other] = await rows(`select person_id::text as id from S.contact_record where id = '2'`);
    const alone = { ...of, subjectId: String(other?.id) };
    await expect(splitRecord(db.pool, db.tenant, alone, 'ann')).rejects.toMatchObject({
      code: 'record_alone',
    });
    await expect(splitRecord(db.pool, db.tenant, of, 'ann')).rejects.toMatchObject({
      code: 'record_unknown',
    });
    await expect(rejoinRecord(db.pool, db.tenant, of)).rejects.toMatchObject({ code: 'record_unknown' });
    await rejoinRecord(db.pool, db.tenant, alone);
    await run();
    expect(await people()).toEqual(['hubspot/1 hubspot/2']);
  });
});

describe('companies', () => {
  it('are one by domain, unless it is a mail provider, and have a parent', async () => {
    hubspot.put('company', '1', { domain: 'https://www.Acme.com/about' });
    hubspot.put('company', '2', { domain: 'gmail.com' }).put('company', '3', { domain: 'gmail.com' });
    salesforce.put('company', 'P', { domain: 'holding.example' });
    salesforce.put('company', 'A', { domain: 'acme.com' }, { links: [{ to: 'company', id: 'P' }] });
    hubspot.put(
      'contact',
      '1',
      { email: 'x@acme.com' },
      { links: [{ to: 'company', id: '1', primary: true }] },
    );
    await run();
    expect(await partition(db.pool, db.tenant, 'company')).toEqual([
      'hubspot/1 salesforce/A',
      'hubspot/2',
      'hubspot/3',
      'salesforce/P',
    ]);
    expect(
      await rows(`select c.contact_count, p.domain from S.company c join S.company p on p.id = c.parent_id`),
    ).toEqual([{ contact_count: 1, domain: 'holding.example' }]);
  });
});

describe('deals', () => {
  const credit = () =>
    rows(`select d.record_id, p.first_name as person, c.name as company from S.deal d
          left join S.person p on p.id = d.person_id left join S.company c on c.id = d.company_id order by 1`);

  it('are credited to the primary role, else the oldest contact, else nobody', async () => {
    hubspot.put('company', 'k', { name: 'Acme' }).put('company', 'm', { name: 'Motors' });
    const acme = [{ to: 'company' as const, id: 'k', primary: true }];
    hubspot.put('contact', '10', { first_name: 'Young' }, { createdAt: 20, links: acme });
    hubspot.put('contact', '9', { first_name: 'Old' }, { createdAt: 10, links: acme });
    hubspot.put('contact', '8', { first_name: 'Twin' }, { createdAt: 20 });
    const contact = (id: string, primary = false) => ({ to: 'contact' as const, id, primary });
    hubspot.put('deal', 'a', {}, { links: [contact('10', true), contact('9')] });
    hubspot.put('deal', 'b', {}, { links: [contact('10'), contact('9'), contact('8')] });
    hubspot.put(
      'deal',
      'c',
      {},
      { links: [contact('10'), contact('8'), { to: 'company', id: 'm', primary: true }] },
    );
    hubspot.put('deal', 'd', {}, { links: [] });
    hubspot.put('deal', 'e', {}, { links: [{ to: 'company', id: 'm', primary: true }] });
    await run();
    expect(await credit()).toEqual([
      { record_id: 'a', person: 'Young', company: 'Acme' },
      { record_id: 'b', person: 'Old', company: 'Acme' },
      { record_id: 'c', person: 'Twin', company: 'Motors' },
      { record_id: 'd', person: null, company: null },
      { record_id: 'e', person: null, company: 'Motors' },
    ]);
    hubspot.remove('contact', '9');
    await run();
    expect((await credit())[1]).toEqual({ record_id: 'b', person: 'Twin', company: null });
    hubspot.remove('deal', 'a').put('contact', '8', {}, { links: acme });
    await run();
    expect((await credit())[0]).toEqual({ record_id: 'b', person: 'Twin', company: 'Acme' });
  });

  it('are the same in two CRMs by cross reference only, and the better ranked copy counts', async () => {
    hubspot.put('deal', '1', { name: 'Same', amount: '10', cross_salesforce_id: 'D1' });
    hubspot.put('deal', '2', { name: 'Alike', amount: '20' });
    salesforce
      .put('deal', 'D1', { name: 'Same', amount: '11' })
      .put('deal', 'D2', { name: 'Alike', amount: '20' });
    await run();
    const deals = () =>
      rows('select connection_id, record_id, amount from S.deal order by amount, connection_id');
    expect(await deals()).toEqual([
      { connection_id: 'salesforce', record_id: 'D1', amount: '11' },
      { connection_id: 'hubspot', record_id: '2', amount: '20' },
      { connection_id: 'salesforce', record_id: 'D2', amount: '20' },
    ]);
    salesforce.remove('deal', 'D1');
    await run();
    expect((await deals())[0]).toEqual({ connection_id: 'hubspot', record_id: '1', amount: '10' });
  });
});
