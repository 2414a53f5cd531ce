import type { Json } from '../../connectors/contract.ts';
import type { RunOptions } from '../../src/model/run-options.ts';
import { labelSlice } from '../../src/pipeline/label/label.ts';
import { learnSlice } from '../../src/pipeline/learn/learn.ts';
import { profileSlice } from '../../src/pipeline/profile/profile.ts';
import { applySegmentations } from '../../src/pipeline/publish/publish.ts';
import { releaseTargets } from '../../src/pipeline/publish/release.ts';
import { pullSlice } from '../../src/pipeline/pull/pull.ts';
import { pushSlice } from '../../src/pipeline/push/push.ts';
import type { Stage, StageContext } from '../../src/pipeline/stage.ts';
import { unifySlice } from '../../src/pipeline/unify/unify.ts';
import { RulesSegmentation, type Segmentation } from '../../src/segmentation/definition.ts';
import type { Pool } from '../../src/store/pool.ts';
import { getRun, requestRun } from '../../src/store/runs.ts';
import type { Tenant } from '../../src/store/tenant.ts';
import type { MemoryCrm } from './memory-crm.ts';
import { type TestConnection, workOn } from './stages.ts';

export type Scope = { pool: Pool; tenant: Tenant; connections: (TestConnection & { crm: MemoryCrm })[] };
export type StageCounts = Record<string, Record<string, number>>;

const STAGES: Record<string, Stage> = {
  pull: pullSlice,
  unify: unifySlice,
  profile: profileSlice,
  learn: learnSlice,
  label: labelSlice,
  push: pushSlice,
};

/** Of each tenant as a test holds it, not of all: other files of the same process would move the days of this one. */
const days = new WeakMap<Tenant, number>();

/** One run through all stages, or some; each call is a day later than the one before. */
export async function wholeRun(
  scope: Scope,
  options: RunOptions & { stages?: string[]; asOf?: Date; wrap?: (work: StageContext) => StageContext } = {},
): Promise<{ counts: StageCounts; runId: string }> {
  const { pool, tenant, connections } = scope;
  const { stages = Object.keys(STAGES), wrap = (work) => work, ...rest } = options;
  const day = (days.get(tenant) ?? 0) + 1;
  days.set(tenant, day);
  const asOf = options.asOf ?? new Date(Date.UTC(2026, 5, day));
  const { run } = await requestRun(pool, tenant, {
    kind: rest.dirtyOnly ? 'refresh' : 'full',
    asOf,
    options: rest,
    requestedBy: 'test',
  });
  const counts: StageCounts = {};
  for (const name of stages) {
    const stage = STAGES[name];
    if (!stage) throw new Error(`no stage ${name}`);
    counts[name] = await toEnd(stage, async () => {
      const { pins } = await getRun(pool, tenant, run.id);
      const work = workOn(pool, tenant, connections, rest);
      return wrap({ ...work, run: { id: run.id, asOf: run.asOf, options: rest, pins } });
    });
  }
  await pool.query(`update ${tenant.schema}.run set state = 'done', started_at = now() where id = $1`, [
    run.id,
  ]);
  return { counts, runId: run.id };
}

export async function toEnd(
  stage: Stage,
  work: () => Promise<StageContext>,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  let position: Json = {};
  for (let slice = 0; slice < 200; slice += 1) {
    const result = await stage(await work(), position);
    for (const [name, value] of Object.entries(result.counts)) counts[name] = (counts[name] ?? 0) + value;
    position = result.position;
    if (result.done) return counts;
  }
  throw new Error('the stage does not end');
}

/** Publishes definitions on connections to CRMs in memory. */
export function publish(scope: Scope, ...definitions: Segmentation[]) {
  return applySegmentations(scope.pool, scope.tenant, definitions, {
    by: 'test',
    offerOf: (system) => {
      const found = scope.connections.find((connection) => (connection.system ?? connection.id) === system);
      if (!found) throw new Error(`no system ${system}`);
      return found.crm.connector(system);
    },
  });
}

export const releaseAll = (scope: Scope) => releaseTargets(scope.pool, scope.tenant, 'all', 'test');

/** People by age: minors, adults from 18, seniors from `senior`. */
export function ages(senior = 65, more: Record<string, unknown> = {}): RulesSegmentation {
  return RulesSegmentation.parse({
    key: 'ages',
    name: 'Ages',
    subject: 'person',
    method: 'rules',
    segments: [
      { key: 'senior', name: 'Seniors', when: { attribute: 'age', atLeast: senior } },
      { key: 'adult', name: 'Adults', when: { attribute: 'age', atLeast: 18 } },
      { key: 'minor', name: 'Minors', when: { attribute: 'age', below: 18 } },
    ],
    ...more,
  });
}
