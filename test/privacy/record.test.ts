import { describe, expect, it } from 'vitest';
import { erase } from '../../src/privacy/erase.ts';
import { exportPerson } from '../../src/privacy/export.ts';
import { processingRecord } from '../../src/privacy/record.ts';
import { recordMarkdown } from '../../src/privacy/record-markdown.ts';
import { parseWho } from '../../src/privacy/who.ts';
import { TiersSegmentation } from '../../src/segmentation/definition.ts';
import { ages, publish, releaseAll } from '../pipeline/whole-run.ts';
import { dump, privacyRig } from './rig.ts';

const rig = privacyRig();
const ASOF = new Date('2026-11-21T00:00:00Z');

const told = {
  purpose: 'Offers by age | group',
  lawfulBasis: 'legitimate_interests',
  goal: 'More orders',
  owner: 'revops@example.com',
};

async function fill(): Promise<void> {
  rig.crm.put('contact', '1', { email: 'ann@example.com', first_name: 'Ann', age: '70', interests: 'golf' });
  rig.crm.put('contact', '2', { email: 'other@example.com', first_name: 'Zoltan', age: '30' });
  const order = {
    amount: '100',
    won: 'true',
    closed: 'true',
    closed_at: '2026-05-01',
    stage: 'won',
    pipeline: 'p',
  };
  const link = (id: string, primary: boolean) => ({ to: 'contact' as const, id, primary, role: null });
  rig.crm.put('deal', 'd1', { name: 'Order 1', ...order }, { links: [link('1', true), link('2', false)] });
  await publish(rig.scope, ages(65, told));
  await rig.run();
  await releaseAll(rig.scope);
  await rig.run();
}

describe('what somebody may see of themselves', () => {
  it('is everything that is held, with reasons and purposes, and nothing of others', async () => {
    await fill();
    const found = await exportPerson(rig.db.pool, rig.db.tenant, parseWho('Ann@Example.com'), {
      asOf: ASOF,
      by: 'dpo',
    });
    expect(found.records).toMatchObject([
      {
        connectionId: 'hubspot',
        id: '1',
        attributes: { email: 'ann@example.com', first_name: 'Ann', interests: ['golf'] },
      },
    ]);
    expect(found.people).toMatchObject([
      {
        age: 70,
        labels: [
          { segmentation: 'ages', labels: ['senior'], purpose: told.purpose, lawfulBasis: told.lawfulBasis },
        ],
      },
    ]);
    expect(found.people[0]?.labels[0]?.segments[0]?.sentences.join()).toContain('70');
    expect(found.deals).toMatchObject([{ recordId: 'd1', credited: true, name: 'Order 1' }]);
    expect(found.history).toMatchObject([{ segmentation: 'ages', entered: ['senior'] }]);
    expect(Object.values(found.shown[0]?.labels ?? {})).toContain('senior');
    expect(found.written.length).toBeGreaterThan(0);
    expect(JSON.stringify(found)).not.toMatch(/Zoltan|other@/);
    // The audit notes that it was done, and not for whom.
    expect((await dump(rig)).filter((line) => line.startsWith('app.audit') && line.includes('ann@'))).toEqual(
      [],
    );
  });

  it('names every table that an erasure empties', async () => {
    await fill();
    const { removed } = await erase(rig.db.pool, rig.key, rig.db.tenant, parseWho('ann@example.com'), {
      by: 'dpo',
    });
    expect(Object.keys(removed)).toEqual(
      expect.arrayContaining([
        'association',
        'contact_record',
        'deal_person',
        'label_change',
        'person',
        'push_log',
      ]),
    );
    await expect(
      exportPerson(rig.db.pool, rig.db.tenant, parseWho('ann@example.com'), { asOf: ASOF, by: 'dpo' }),
    ).rejects.toMatchObject({ code: 'person_unknown' });
  });
});

describe('the record of processing', () => {
  it('says of each segmentation why, with what, on which basis, where to, and who decided', async () => {
    await fill();
    const record = await processingRecord(rig.db.pool, rig.db.tenant, ASOF);
    expect(record.activities).toMatchObject([
      {
        key: 'ages',
        purpose: told.purpose,
        lawfulBasis: 'legitimate_interests',
        use: 'marketing',
        needsPerson: false,
        responsible: told.owner,
        decidedBy: 'test',
        subjects: 'people',
        attributes: [{ name: 'person.age' }],
        sensitive: [
          { attribute: 'person.age', why: 'minors', basis: { basis: 'parental_consent', by: 'test' } },
        ],
        recipients: [{ connection: 'hubspot', kind: 'property', state: 'live' }],
      },
    ]);
    const page = recordMarkdown(record);
    expect(page).toContain('| Purpose | Offers by age \\| group |');
    expect(page).toContain('person.age (people under 18): parental_consent, GDPR 8(1), recorded by test');
    expect(page).toContain('hubspot: property (live)');
  });

  it('says of a model that somebody was erased since it was learned, until it is learned anew', async () => {
    rig.crm.put('contact', '1', { email: 'ann@example.com', age: '70' });
    rig.crm.put('contact', '2', { email: 'bob@example.com', age: '30' });
    const tiers = TiersSegmentation.parse({
      key: 'tiers',
      name: 'Tiers',
      subject: 'person',
      method: 'tiers',
      of: 'age',
      segments: [
        { key: 'top', name: 'Top', topPercent: 50 },
        { key: 'rest', name: 'Rest' },
      ],
    });
    await publish(rig.scope, tiers);
    await rig.run();
    const erasure = await erase(rig.db.pool, rig.key, rig.db.tenant, parseWho('ann@example.com'), {
      by: 'dpo',
    });
    expect(erasure.models).toEqual([{ segmentation: 'tiers', version: 1 }]);
    const since = async () =>
      (await processingRecord(rig.db.pool, rig.db.tenant, ASOF)).activities[0]?.erasedSinceLearning;
    expect(await since()).toBe(1);
    await rig.run({ learn: true });
    expect(await since()).toBe(0);
  });
});
