import { beforeEach, describe, expect, it } from 'vitest';
import { releaseTargets } from '../../src/pipeline/publish/release.ts';
import { allowSensitive, revokeSensitive } from '../../src/privacy/lawful-basis.ts';
import { listBases } from '../../src/store/lawful-bases.ts';
import { listTargets } from '../../src/store/targets.ts';
import { planSegmentations } from '../../src/views/plan.ts';
import { previewSegmentations } from '../../src/views/preview.ts';
import { ages, publish, releaseAll } from '../pipeline/whole-run.ts';
import { privacyRig } from './rig.ts';

const rig = privacyRig();
const allow = () =>
  allowSensitive(rig.db.pool, rig.db.tenant, 'person.age', {
    basis: 'parental_consent',
    by: 'ann',
    note: 'form 7',
  });
const states = async () => (await listTargets(rig.db.pool, rig.db.tenant)).map(({ state }) => state);

beforeEach(async () => {
  // The rig's tests may tell minors apart; these may not, until somebody says so.
  await rig.db.pool.query(`delete from ${rig.db.tenant.schema}.lawful_basis`);
  rig.crm.put('contact', '1', { email: 'kid@example.com', age: '12' });
  rig.crm.put('contact', '2', { email: 'old@example.com', age: '70' });
});

describe('sensitive data without a lawful basis', () => {
  it('is refused at every door, and nothing is changed', async () => {
    const { pool, tenant } = rig.db;
    const refused = { code: 'lawful_basis_missing' };
    await expect(publish(rig.scope, ages())).rejects.toMatchObject(refused);
    await expect(planSegmentations(pool, tenant, [ages()], new Date())).rejects.toMatchObject(refused);
    await expect(
      previewSegmentations(pool, tenant, [ages()], { asOf: new Date(), samples: 1 }),
    ).rejects.toMatchObject(refused);
    const { rows } = await pool.query(`select from ${tenant.schema}.segmentation`);
    expect(rows).toEqual([]);
  });

  it('may be used once the basis is recorded, with who did it and why', async () => {
    await allow();
    expect(await listBases(rig.db.pool, rig.db.tenant)).toMatchObject([
      {
        owner: 'person',
        key: 'age',
        basis: 'parental_consent',
        article: 'GDPR 8(1)',
        by: 'ann',
        note: 'form 7',
      },
    ]);
    await publish(rig.scope, ages());
    await rig.run();
    await releaseAll(rig.scope);
    await rig.run();
    expect(rig.crm.shown('seg_ages')).toEqual({ '1': 'minor', '2': 'senior' });
  });
});

describe('a lawful basis that is revoked', () => {
  it('keeps the labels as they are, holds their targets, and lets nobody release them', async () => {
    await allow();
    await publish(rig.scope, ages());
    await rig.run();
    await releaseAll(rig.scope);
    await rig.run();
    const { pool, tenant } = rig.db;
    expect(await revokeSensitive(pool, tenant, 'person.age', 'ann')).toEqual(['ages']);
    rig.crm.put('contact', '1', { age: '30' });
    const { counts } = await rig.run();
    expect(counts.label).toMatchObject({ waiting: 1 });
    expect(rig.crm.shown('seg_ages')).toEqual({ '1': 'minor', '2': 'senior' });
    expect(await states()).toContain('held');
    const [target] = await listTargets(pool, tenant, { segmentation: 'ages' });
    expect(target?.reason).toMatchObject({ code: 'basis_revoked', by: 'ann' });
    await expect(releaseTargets(pool, tenant, [target?.id ?? ''], 'ann')).rejects.toMatchObject({
      code: 'lawful_basis_missing',
    });
    await allow();
    await releaseAll(rig.scope);
    await rig.run();
    expect(rig.crm.shown('seg_ages')).toEqual({ '1': 'adult', '2': 'senior' });
  });
});

describe('recording a lawful basis', () => {
  it.each([
    ['person.nothing', 'explicit_consent', 'attribute_unknown'],
    ['person.city', 'explicit_consent', 'not_sensitive'],
    ['person.religion', 'because', 'basis_unknown'],
  ])('of %s as %s is refused: %s', async (name, basis, code) => {
    await expect(
      allowSensitive(rig.db.pool, rig.db.tenant, name, { basis, by: 'ann' }),
    ).rejects.toMatchObject({ code });
  });

  it('revoking what is not there says so', async () => {
    await expect(revokeSensitive(rig.db.pool, rig.db.tenant, 'person.religion', 'ann')).rejects.toMatchObject(
      {
        code: 'basis_missing',
      },
    );
  });
});

describe('labels that affect price, credit or access', () => {
  it('wait for a person although the policy releases by itself', async () => {
    const { tenant } = rig.db;
    const scope = {
      ...rig.scope,
      tenant: { ...tenant, policy: { ...tenant.policy, release: 'auto' as const } },
    };
    await allow();
    const bySelf = {
      segments: [{ key: 'senior', name: 'Seniors', when: { attribute: 'age', atLeast: 65 } }],
    };
    await publish(scope, ages(65, { ...bySelf, key: 'marketing' }));
    await publish(scope, ages(65, { ...bySelf, key: 'credit', use: 'eligibility' }));
    const of = async (key: string) =>
      (await listTargets(rig.db.pool, tenant, { segmentation: key })).map(({ state }) => state);
    expect(await of('marketing')).toEqual(['live']);
    expect(await of('credit')).toEqual(['held']);
    // Released by a person, and changed: held again.
    await releaseAll(scope);
    await publish(scope, ages(70, { ...bySelf, name: 'New', key: 'credit', use: 'eligibility' }));
    expect(await of('credit')).toEqual(['held']);
  });

  it('are left alone where somebody set them by hand, although the policy writes over', async () => {
    const { tenant } = rig.db;
    const policy = { ...tenant.policy, handEdits: 'overwrite' as const };
    rig.scope.tenant = { ...tenant, policy };
    await allow();
    await publish(rig.scope, ages(65, { key: 'credit', use: 'eligibility' }), ages());
    await rig.run();
    await releaseAll(rig.scope);
    await rig.run();
    rig.crm.put('contact', '2', { seg_credit: 'adult', seg_ages: 'adult' });
    await rig.run();
    await rig.run();
    expect(rig.crm.shown('seg_credit')['2']).toBe('adult');
    expect(rig.crm.shown('seg_ages')['2']).toBe('senior');
  });
});
