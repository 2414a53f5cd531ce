import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cancelRun, requestRun, saveSlice } from '../../src/store/runs.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await openTestDatabase();
});
afterAll(() => db.close());

const asOf = new Date('2026-03-01T00:00:00Z');
const ask = (kind: 'full' | 'refresh') => requestRun(db.pool, db.tenant, { kind, asOf, requestedBy: 'test' });

async function end({ run }: Awaited<ReturnType<typeof ask>>): Promise<void> {
  const { stage, position, counts, reason, notBefore, failures } = run;
  await saveSlice(db.pool, db.tenant, run, {
    ...{ stage, position, counts, reason, notBefore, failures },
    state: 'done',
  });
}

describe('the number of a run', () => {
  it('is the next one, however often a run was asked for while another was under way', async () => {
    for (const number of ['1', '2', '3']) {
      const asked = await ask('full');
      expect(asked).toMatchObject({ isNew: true, run: { id: number } });
      for (let again = 0; again < 3; again += 1)
        expect(await ask('full')).toMatchObject({ isNew: false, run: { id: number } });
      await end(asked);
    }
  });

  it('belongs to one run only, of several that are asked for at once', async () => {
    const asked = await Promise.all((['full', 'refresh', 'full', 'refresh'] as const).map(ask));
    const begun = asked.filter(({ isNew }) => isNew).map(({ run }) => run.id);
    expect(begun.sort()).toEqual(['4', '5']);
    expect(new Set(asked.map(({ run }) => run.id))).toEqual(new Set(begun));
    for (const id of begun) await cancelRun(db.pool, db.tenant, id);
  });
});
