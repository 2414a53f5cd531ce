import { describe, expect, it } from 'vitest';
import { erase } from '../../src/privacy/erase.ts';
import { exportPerson } from '../../src/privacy/export.ts';
import { addSuppressed, reapplyErasures } from '../../src/privacy/reapply.ts';
import { parseWho } from '../../src/privacy/who.ts';
import { listSuppressed, suppressionHash } from '../../src/store/suppressions.ts';
import { ages, publish, releaseAll, wholeRun } from '../pipeline/whole-run.ts';
import { dump, privacyRig } from './rig.ts';

const rig = privacyRig();

const CANARY = 'xq7canary';
const EMAIL = `${CANARY}.mail@example.com`;
const RECORD = `${CANARY}-record-1`;

function fill(): void {
  const { crm } = rig;
  crm.put('company', 'acme', { name: 'Acme', domain: 'acme.example' });
  crm.put('contact', RECORD, {
    email: EMAIL,
    first_name: `${CANARY}name`,
    age: '44x',
    interests: `${CANARY}golf`,
  });
  crm.put('contact', '2', { email: 'bob@example.com', first_name: 'Bob', age: '70' });
  crm.put('contact', '3', { email: 'cy@example.com', age: '30' });
  crm.put(
    'deal',
    'd1',
    {
      name: 'Order',
      amount: '100',
      won: 'true',
      closed: 'true',
      closed_at: '2026-05-01',
      stage: 'won',
      pipeline: 'default',
    },
    {
      links: [
        { to: 'contact', id: RECORD, primary: true, role: null },
        { to: 'company', id: 'acme', primary: true, role: null },
      ],
    },
  );
}

const by = { by: 'dpo' };
const eraseCanary = (who = EMAIL) => erase(rig.db.pool, rig.key, rig.db.tenant, parseWho(who), by);
const hits = async () => (await dump(rig)).filter((line) => line.includes(CANARY));

/** A webhook says that this contact changed. */
async function hearOf(id: string): Promise<void> {
  await rig.db.pool.query(
    `insert into ${rig.db.tenant.schema}.dirty_record (connection_id, object, id) values ('hubspot', 'contact', $1)`,
    [id],
  );
  await rig.run({ dirtyOnly: true });
}

async function labelled(): Promise<void> {
  fill();
  rig.crm.put('contact', RECORD, { age: '44' });
  await publish(rig.scope, ages());
  await rig.run();
  await releaseAll(rig.scope);
  await rig.run();
  // Somebody had labels for a while.
  rig.crm.put('contact', RECORD, { age: '66' });
  await rig.run();
  // Rows that a longer life leaves behind.
  const { pool, tenant } = rig.db;
  for (const table of ['refusal', 'pin', 'sighting'])
    await pool.query(
      `insert into ${tenant.schema}.${table} (connection_id, object, external_key, target_id, value${table === 'refusal' ? ', code, message' : ''})
       values ('hubspot', 'contact', $1, 'other', '"x"'${table === 'refusal' ? ", 'no', 'no'" : ''})`,
      [RECORD],
    );
  await pool.query(
    `insert into ${tenant.schema}.push_job (connection_id, job, batch) values ('other', '{}', $1)`,
    [{ object: 'contact', pieces: [{ write: { id: 'someone-else' } }] }],
  );
}

describe('an erased person', () => {
  it('is in no table any more once the CRM is cleared, and the deal stays as revenue of nobody', async () => {
    await labelled();
    expect(rig.crm.shown('seg_ages')[RECORD]).toBe('senior');
    expect((await hits()).length).toBeGreaterThan(5);
    const erasure = await eraseCanary();
    expect(erasure).toMatchObject({ people: 1, records: 1, deals: 1, suppressed: 2, sharedAddresses: 0 });
    expect(erasure.toClear).toMatchObject([{ connectionId: 'hubspot', state: 'live', records: 1 }]);
    expect(JSON.stringify(erasure)).not.toContain(CANARY);
    // What is left is the key under which the CRM still shows a label, until it is cleared there.
    const left = await hits();
    expect(left.every((line) => line.includes('.ledger '))).toBe(true);

    await rig.run();
    expect(rig.crm.shown('seg_ages')).toEqual({ '2': 'senior', '3': 'adult' });
    expect(await hits()).toEqual([]);
    const { rows } = await rig.db.pool.query(
      `select person_id, revenue::float from ${rig.db.tenant.schema}.deal`,
    );
    expect(rows).toEqual([{ person_id: null, revenue: 100 }]);
    const { rows: company } = await rig.db.pool.query(
      `select revenue_total::float as revenue, contact_count from ${rig.db.tenant.schema}.company`,
    );
    expect(company).toMatchObject([{ revenue: 100 }]);
  });

  it('leaves nothing of ours on the record, not even the day on which labels changed', async () => {
    rig.crm.defaultTargets = ['property', 'changed_at'];
    await labelled();
    expect(Object.keys(rig.crm.shown('seg_changed_at')).sort()).toEqual(['2', '3', RECORD]);
    await eraseCanary();
    await rig.run();
    expect(Object.keys(rig.crm.shown('seg_changed_at')).sort()).toEqual(['2', '3']);
    expect(await hits()).toEqual([]);
  });

  it('does not come back with a late page, a webhook, a full pass or a link', async () => {
    await labelled();
    await eraseCanary();
    rig.crm.put('contact', RECORD, { first_name: `${CANARY}again` });
    await hearOf(RECORD);
    await rig.run();
    await rig.run({ full: true });
    expect(await hits()).toEqual([]);
    // The same human under a new record (a deal speaks of it first), and the old record under a new address.
    const link = { to: 'contact' as const, id: `${CANARY}-record-2`, primary: true, role: null };
    rig.crm.put('deal', 'd2', { name: 'Later', amount: '5' }, { links: [link] });
    await rig.run();
    rig.crm.put('contact', `${CANARY}-record-2`, { email: EMAIL.toUpperCase(), age: '20' });
    rig.crm.put('contact', RECORD, { email: `${CANARY}.other@example.com` });
    // Heard of alone, so that the deal is not read again with it.
    await hearOf(`${CANARY}-record-2`);
    expect(await hits()).toEqual([]);
    await rig.run();
    expect(await hits()).toEqual([]);
  });

  it('is told to stand in a definition, however it is written there', async () => {
    await labelled();
    const { pool, tenant } = rig.db;
    await pool.query(
      `update ${tenant.schema}.segmentation
       set definition = jsonb_set(definition, '{segments,0,name}', to_jsonb($1::text)) where key = 'ages'`,
      [`Like ${EMAIL.toUpperCase()}`],
    );
    expect(await eraseCanary()).toMatchObject({ namedIn: ['ages'] });
    expect(await eraseCanary('bob@example.com')).toMatchObject({ namedIn: [] });
  });

  it('can be erased again, and by a second name for the same, with nothing more to do', async () => {
    await labelled();
    await eraseCanary(`record:hubspot/${RECORD}`);
    const again = await eraseCanary();
    expect(again).toMatchObject({ people: 0, records: 0, suppressed: 0, removed: {} });
    const { rows } = await rig.db.pool.query(
      `select action, actor from app.audit where action = 'customer.erase'`,
    );
    expect(rows).toEqual([
      { action: 'customer.erase', actor: 'dpo' },
      { action: 'customer.erase', actor: 'dpo' },
    ]);
  });

  it('who is not there yet never will be', async () => {
    expect(await eraseCanary()).toMatchObject({ people: 0, records: 0, suppressed: 1 });
    fill();
    await rig.run();
    expect(await hits()).toEqual([]);
  });

  it('leaves others alone who share the address', async () => {
    for (const id of ['1', '2'])
      rig.crm.put('contact', id, { email: 'info@example.com', first_name: `N${id}` });
    await rig.run();
    await expect(eraseCanary('info@example.com')).rejects.toMatchObject({ code: 'person_ambiguous' });
    const { rows } = await rig.db.pool.query<{ id: string }>(
      `select person_id as id from ${rig.db.tenant.schema}.contact_record where id = '1'`,
    );
    expect(await eraseCanary(`person:${rows[0]?.id}`)).toMatchObject({
      people: 1,
      sharedAddresses: 1,
      suppressed: 1,
    });
    await rig.run({ full: true });
    const { rows: left } = await rig.db.pool.query(`select id from ${rig.db.tenant.schema}.contact_record`);
    expect(left).toEqual([{ id: '2' }]);
  });

  it('is known by every address of theirs, and leaves nothing under any', async () => {
    const second = `${CANARY}.second@example.com`;
    const third = `${CANARY}.third@example.com`;
    rig.crm.put('contact', RECORD, { email: EMAIL, other_emails: `${second};family@example.com` });
    rig.crm.put('contact', '2', { email: second, other_emails: third });
    rig.crm.put('contact', '3', { email: 'bob@example.com', other_emails: 'family@example.com' });
    // What two people have as a further address makes them one by the rules; somebody has said that they are not.
    const { pool, tenant } = rig.db;
    await pool.query(
      `insert into ${tenant.schema}.split (subject, connection_id, record_id, by) values ('person', 'hubspot', '3', 'ann')`,
    );
    await rig.run();
    const access = await exportPerson(pool, tenant, parseWho(third.toUpperCase()), {
      asOf: new Date(),
      by: 'dpo',
    });
    expect(access.records).toHaveLength(2);
    expect(JSON.stringify(access)).toContain(second);

    const { people, records, sharedAddresses, suppressed } = await eraseCanary(third);
    // Three addresses of theirs alone and two records are never to come back.
    expect({ people, records, sharedAddresses, suppressed }).toEqual({
      people: 1,
      records: 2,
      sharedAddresses: 1,
      suppressed: 5,
    });
    await rig.run({ full: true });
    // Somebody new in the CRM who has one of them is the erased person again, by whichever place it stands in.
    rig.crm.put('contact', '8', { email: 'other@example.com', other_emails: second.toUpperCase() });
    rig.crm.put('contact', '9', { email: third });
    await rig.run({ full: true });
    expect(await hits()).toEqual([]);
    const { rows } = await pool.query(`select id from ${tenant.schema}.contact_record`);
    expect(rows).toEqual([{ id: '3' }]);
  });

  it('is erased after a restore by a further address, too', async () => {
    rig.crm.put('contact', RECORD, { email: 'first@example.com', other_emails: EMAIL });
    await rig.run();
    const { pool, tenant } = rig.db;
    await addSuppressed(pool, tenant, [suppressionHash(rig.key, tenant, EMAIL).toString('hex')]);
    expect(await reapplyErasures(pool, rig.key, tenant, 'dpo')).toBe(1);
    expect(await hits()).toEqual([]);
  });

  it('is not named by the reason that is kept', async () => {
    await expect(
      erase(
        rig.db.pool,
        rig.key,
        rig.db.tenant,
        { email: EMAIL },
        { by: 'dpo', reason: `asked by ${EMAIL}` },
      ),
    ).rejects.toMatchObject({ code: 'reason_names_person' });
  });
});

describe('a process without the key to the list', () => {
  it('stores no page once somebody was erased', async () => {
    await eraseCanary();
    fill();
    await expect(wholeRun(rig.scope)).rejects.toMatchObject({ code: 'suppression_key_missing' });
    expect(await hits()).toEqual([]);
  });
});

describe('a store restored from a backup made before an erasure', () => {
  it('is erased again by the list of hashes', async () => {
    fill();
    await eraseCanary();
    const list = await listSuppressed(rig.db.pool, rig.db.tenant);
    expect(list.join()).not.toContain(CANARY);
    // The backup knows nothing of it.
    await rig.db.pool.query('truncate app.suppression');
    await rig.run();
    expect((await hits()).length).toBeGreaterThan(0);
    expect(await addSuppressed(rig.db.pool, rig.db.tenant, list)).toBe(1);
    expect(await addSuppressed(rig.db.pool, rig.db.tenant, list)).toBe(0);
    expect(await reapplyErasures(rig.db.pool, rig.key, rig.db.tenant, 'restore')).toBe(1);
    await rig.run();
    expect(await hits()).toEqual([]);
  });
});
