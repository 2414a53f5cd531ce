import { afterAll, beforeAll, expect, it } from 'vitest';
import { PROFILE_BATCH, takeNoted } from '../../../src/pipeline/profile/profile.ts';
import { joinByHash } from '../../../src/store/plans.ts';
import { type Queryable, transaction } from '../../../src/store/pool.ts';
import { openTestDatabase, type TestDatabase } from '../../database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await openTestDatabase();
});
afterAll(() => db.close());

it('takes what is noted in order, and reads only that, however much is noted', async () => {
  const notes = `${db.tenant.schema}.dirty_subject`;
  await db.pool.query(
    `insert into ${notes} (stage, subject, id) select 'profile', 'person', g from generate_series(1, 30000) g`,
  );
  await db.pool.query(`analyze ${notes}`);
  const asked: { text: string; values: readonly unknown[] }[] = [];
  const { taken, plan } = await transaction(db.pool, async (client) => {
    const heard: Queryable = {
      query: (text, values = []) => {
        asked.push({ text, values });
        return client.query(text, values);
      },
    };
    await joinByHash(client);
    const ids = await takeNoted(heard, db.tenant, 'person');
    const [statement] = asked;
    const { rows } = await client.query<Record<string, string>>(
      `explain ${statement?.text}`,
      statement?.values,
    );
    return { taken: ids, plan: rows.map((row) => row['QUERY PLAN']).join('\n') };
  });
  expect(taken.map(Number).sort((a, b) => a - b)).toEqual(
    Array.from({ length: PROFILE_BATCH }, (_, n) => n + 1),
  );
  expect(plan).toMatch(/Index Cond: .*id = ANY/);
  expect(plan).not.toMatch(/Hash|Merge|Bitmap/);
});
