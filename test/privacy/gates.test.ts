import { beforeEach, describe, expect, it } from 'vitest';
import { Attribute } from '../../src/model/attribute.ts';
import { RfmSegmentation } from '../../src/segmentation/definition.ts';
import { addAttributes } from '../../src/store/columns.ts';
import { addMappings } from '../../src/store/mappings.ts';
import { ages, publish, releaseAll } from '../pipeline/whole-run.ts';
import { privacyRig } from './rig.ts';

const rig = privacyRig();
const GATES = ['no_profiling', 'no_processing'];
const LIST = 'ages.senior';

beforeEach(async () => {
  const { pool, tenant } = rig.db;
  await addAttributes(
    pool,
    tenant,
    GATES.map((key) =>
      Attribute.parse({ owner: 'person', key, name: key, type: 'boolean', kind: 'consent', empty: 'false' }),
    ),
  );
  await addMappings(
    pool,
    tenant,
    GATES.map((key) => ({ connectionId: 'hubspot', object: 'contact', attribute: key, property: key })),
  );
  rig.crm.defaultTargets = ['property', 'manual_list'];
  const scored = RfmSegmentation.parse({
    key: 'rfm',
    name: 'RFM',
    subject: 'person',
    method: 'rfm',
    targets: { csv: {} },
  });
  for (const id of ['1', '2']) rig.crm.put('contact', id, { email: `p${id}@example.com`, age: '70' });
  const bought = { won: 'true', closed: 'true', amount: '50', stage: 'won', pipeline: 'p' };
  for (const id of ['1', '2'])
    rig.crm.put(
      'deal',
      `d${id}`,
      { ...bought, closed_at: `2026-0${id}-01` },
      { links: [{ to: 'contact', id, primary: true, role: null }] },
    );
  await publish(rig.scope, ages(), scored);
  await rig.run();
  await releaseAll(rig.scope);
  await rig.run();
});

const shown = () => rig.crm.shown('seg_ages');
const members = () => rig.crm.lists.get(LIST) ?? [];
const history = async () =>
  (
    await rig.db.pool.query<{ cause: string; gone: string[] }>(
      `select cause, gone from ${rig.db.tenant.schema}.label_change where gone <> '{}'`,
    )
  ).rows;

const scored = async () =>
  (
    await rig.db.pool.query<{ people: number }>(
      `select count(distinct subject_id)::int as people from ${rig.db.tenant.schema}.score`,
    )
  ).rows[0]?.people;

describe('somebody who', () => {
  it.each(GATES)(
    'says %s loses all labels, lists and scores of them, and gets them back on withdrawal',
    async (gate) => {
      expect(members()).toEqual(['1', '2']);
      expect(await scored()).toBe(2);
      rig.crm.put('contact', '1', { [gate]: 'true' });
      await rig.run();
      expect(shown()).toEqual({ '2': 'senior' });
      expect(members()).toEqual(['2']);
      expect(await history()).toContainEqual({ cause: 'consent', gone: ['senior'] });
      expect(await scored()).toBe(1);
      rig.crm.put('contact', '1', { [gate]: '' });
      await rig.run();
      expect(shown()).toEqual({ '1': 'senior', '2': 'senior' });
    },
  );

  it('opted out of e-mail keeps the label, which serves others than marketing, and leaves every list', async () => {
    rig.crm.put('contact', '1', { email_opted_out: 'true' });
    await rig.run();
    expect(shown()).toEqual({ '1': 'senior', '2': 'senior' });
    expect(members()).toEqual(['2']);
  });

  it('objects between labelling and push is shown nothing: the push asks again', async () => {
    const { pool, tenant } = rig.db;
    rig.crm.put('contact', '1', { age: '30' });
    await rig.run({ stages: ['pull', 'unify', 'profile', 'label'] });
    await pool.query(`update ${tenant.schema}.person set no_profiling = true where age = 30`);
    await pool.query(`update ${tenant.schema}.run set state = 'done'`);
    await rig.run({ stages: ['push'] });
    expect(shown()).toEqual({ '2': 'senior' });
    expect(members()).toEqual(['2']);
  });

  it('objects by one of two records that are the same person has objected', async () => {
    rig.crm.put('contact', '3', { email: 'p1@example.com', no_profiling: 'true' });
    await rig.run();
    rig.crm.put('contact', '1', { no_profiling: 'false' });
    await rig.run();
    expect(shown()).toEqual({ '2': 'senior' });
  });
});
