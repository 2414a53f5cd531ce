import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeRevenue } from '../../../src/pipeline/connection/change-revenue.ts';
import { beginLeaving, leavingOf } from '../../../src/pipeline/connection/leaving.ts';
import { RevenueSetting } from '../../../src/pipeline/profile/revenue.ts';
import {
  addMissingTargets,
  applySegmentations,
  retireSegmentation,
} from '../../../src/pipeline/publish/publish.ts';
import { releaseTargets, stopTargets } from '../../../src/pipeline/publish/release.ts';
import { RulesSegmentation } from '../../../src/segmentation/definition.ts';
import { listLabelColumns } from '../../../src/store/columns.ts';
import { getConnection } from '../../../src/store/connections.ts';
import { listPublished, versionsOf } from '../../../src/store/segmentations.ts';
import { listTargets } from '../../../src/store/targets.ts';
import { openTestDatabase, type TestDatabase } from '../../database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await openTestDatabase();
  await connect('c1', 'csv');
  await connect('c2', 'hubspot');
});
afterAll(() => db.close());

const connect = (id: string, system: string) =>
  db.pool.query(
    `insert into app.connection (id, tenant_id, system, name, account_id) values ($1, 't1', $2, $1, $1)`,
    [id, system],
  );

const define = (key: string, name = 'Everybody') =>
  RulesSegmentation.parse({
    key,
    name,
    subject: 'person',
    method: 'rules',
    labels: 'one',
    segments: [{ key: 'all', name: 'All', when: { deals: { count: true, atLeast: 0 } } }],
  });
const publish = (key: string, name?: string) =>
  applySegmentations(db.pool, db.tenant, [define(key, name)], { by: 'test' });
const ROUNDS = 3;

describe('at the same moment', () => {
  it('several publish: what says the same is one version, what differs is a version each', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const key = `set${round}`;
      await Promise.all([publish(key), publish(key), publish(key)]);
      expect(await versionsOf(db.pool, db.tenant, key)).toHaveLength(1);
      await Promise.all([publish(key, 'A'), publish(key, 'B'), publish(key, 'C')]);
      const versions = await versionsOf(db.pool, db.tenant, key);
      expect(versions.map(({ state }) => state)).toEqual(['published', 'replaced', 'replaced', 'replaced']);
    }
  });

  it('several add targets: all of them are there, each with an id of its own', async () => {
    const kinds = ['property', 'dynamic_list', 'manual_list', 'list_view'] as const;
    for (let round = 0; round < ROUNDS; round += 1) {
      const key = `shown${round}`;
      await applySegmentations(db.pool, db.tenant, [define(key)], { by: 'test', offerOf: () => undefined });
      const added = await Promise.all(
        kinds.map((kind) => {
          const offer = {
            key: 'any',
            objects: ['contact' as const],
            targets: [kind],
            defaultTargets: [kind],
          };
          return addMissingTargets(db.pool, db.tenant, { offerOf: () => offer });
        }),
      );
      const there = await listTargets(db.pool, db.tenant, { segmentation: key });
      expect(there).toHaveLength(2 * kinds.length);
      expect(added.every((count) => count >= 2)).toBe(true);
    }
  });

  it('one retires what another publishes: it is in force with its column, or neither', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const key = `gone${round}`;
      await publish(key);
      const [, published] = await Promise.allSettled([
        retireSegmentation(db.pool, db.tenant, key, { values: 'keep', by: 'test' }),
        publish(key, 'New'),
      ]);
      if (published.status === 'rejected') expect(published.reason).toMatchObject({ code: 'key_retired' });
      expect((await listPublished(db.pool, db.tenant)).map((row) => row.key)).not.toContain(key);
      expect(await listLabelColumns(db.pool, db.tenant, 'person')).not.toContain(`label_${key}`);
    }
  });

  it('somebody pauses what another releases with all others: it is written only if that came first', async () => {
    await publish('paused');
    const ids = (await listTargets(db.pool, db.tenant, { segmentation: 'paused' })).map(({ id }) => id);
    for (let round = 0; round < ROUNDS; round += 1) {
      await stopTargets(db.pool, db.tenant, ids, 'held', 'test');
      await Promise.all([
        releaseTargets(db.pool, db.tenant, 'all', 'test'),
        stopTargets(db.pool, db.tenant, ids, 'paused', 'test'),
      ]);
      for (const { state } of await listTargets(db.pool, db.tenant, { ids })) expect(state).toBe('paused');
    }
  });

  it('somebody says what counts as revenue on a connection that another disconnects', async () => {
    const before = await getConnection(db.pool, db.tenant, 'c2');
    const asked = { withoutCrm: false, by: 'test' };
    const [first, second] = await Promise.allSettled([
      beginLeaving(db.pool, db.tenant, 'c2', { ...asked, keep: 'values' }),
      beginLeaving(db.pool, db.tenant, 'c2', { ...asked, keep: 'nothing' }),
      changeRevenue(db.pool, db.tenant, before, RevenueSetting.parse({})),
    ]);
    // Whoever asks first says what stays; the other is told.
    expect([first.status, second.status].sort()).toEqual(['fulfilled', 'rejected']);
    const after = await getConnection(db.pool, db.tenant, 'c2');
    expect(leavingOf(after)?.keep).toBe(first.status === 'fulfilled' ? 'values' : 'nothing');
    expect(after.config.revenue).toEqual(RevenueSetting.parse({}));
  });
});

describe('targets', () => {
  it('are made on all connections but those that leave, or whose system nobody knows here', async () => {
    await connect('c3', 'of-the-future');
    await publish('late');
    const late = await listTargets(db.pool, db.tenant, { segmentation: 'late' });
    expect(late.map(({ connectionId }) => connectionId)).toEqual(['c1']);
  });
});
