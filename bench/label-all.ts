import { pino } from 'pino';
import { labelSlice } from '../src/pipeline/label/label.ts';
import type { StageContext } from '../src/pipeline/stage.ts';
import type { Pool } from '../src/store/pool.ts';
import { getRun, requestRun } from '../src/store/runs.ts';
import type { Tenant } from '../src/store/tenant.ts';
import { type Took, timed } from './cpu.ts';

/** Labels everybody as a run does, and answers what that took and how many rows of subjects changed. */
export async function labelAll(
  pool: Pool,
  tenant: Tenant,
  given: { asOf: Date; only?: ReadonlySet<string> },
): Promise<Took & { changed: number }> {
  const { run } = await requestRun(pool, tenant, { asOf: given.asOf, requestedBy: 'bench' });
  const { id, asOf, options, pins } = await getRun(pool, tenant, run.id);
  const named = Object.entries(pins).filter(([key]) => given.only === undefined || given.only.has(key));
  const work: StageContext = {
    pool,
    tenant,
    run: { id, asOf, options, pins: Object.fromEntries(named) },
    connections: [],
    openConnection: () => Promise.reject(new Error('labelling opens no connection')),
    checkFence: async () => undefined,
    deadline: Number.POSITIVE_INFINITY,
    signal: new AbortController().signal,
    log: pino({ level: 'silent' }),
  };
  const { result: changed, ...took } = await timed(pool, async () => {
    let slice = await labelSlice(work, {});
    let rows = slice.counts['person.changed'] ?? 0;
    while (!slice.done) {
      slice = await labelSlice(work, slice.position);
      rows += slice.counts['person.changed'] ?? 0;
    }
    return rows;
  });
  await pool.query(
    `update ${tenant.schema}.run set state = 'done', started_at = now(), ended_at = now() where id = $1`,
    [run.id],
  );
  return { ...took, changed };
}
