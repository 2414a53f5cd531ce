import { DateTime } from 'luxon';
import { AppError, InputError } from '../../errors.ts';
import {
  type ArmCounts,
  type ArmName,
  Experiment,
  type ExperimentResult,
  heldOutSql,
  type NewExperiment,
  planSample,
  readResult,
  refuseExperiment,
  type SamplePlan,
} from '../../review/experiment.ts';
import { addAudit } from '../../store/audit.ts';
import {
  addExperiment,
  type ExperimentRow,
  endExperiment,
  listExperiments,
} from '../../store/experiments.ts';
import { type Pool, type Queryable, transaction } from '../../store/pool.ts';
import { listTargets } from '../../store/targets.ts';
import type { Tenant } from '../../store/tenant.ts';
import { findReviewed, labelsSql, readReviewScene } from './scene.ts';

/** How many members an experiment needs, and whether the segment has them; nothing is started. */
export async function planExperiment(
  db: Queryable,
  tenant: Tenant,
  given: NewExperiment,
  asOf: Date,
): Promise<SamplePlan> {
  const experiment = Experiment.parse(given);
  const scene = await readReviewScene(db, tenant, asOf);
  const { definition } = findReviewed(scene, experiment.segmentation);
  if (!definition.segments.some(({ key }) => key === experiment.segment)) {
    throw new InputError(
      'segment_unknown',
      `${experiment.segmentation} has no segment ${experiment.segment}.`,
      {
        action: `Name one of: ${definition.segments.map(({ key }) => key).join(', ')}.`,
      },
    );
  }
  const targets = await listTargets(db, tenant, { segmentation: experiment.segmentation });
  const kinds = targets.filter(
    ({ state, segment }) => state !== 'paused' && (segment ?? experiment.segment) === experiment.segment,
  );
  refuseExperiment(
    experiment,
    definition.use,
    kinds.map(({ kind }) => kind),
  );
  const { rows } = await db.query<{ n: number }>(
    `select count(*)::int as n from ${tenant.schema}.${definition.subject} s where $1 = any(${labelsSql(definition)})`,
    [experiment.segment],
  );
  return planSample(experiment, rows[0]?.n ?? 0);
}

/**
 * Starts an experiment with those who are in the segment now, each assigned by the hash. Who enters later is held out
 * likewise, but not counted.
 * @throws InputError `sample_too_small` where the segment can't show the difference, unless `evenIfSmall`
 */
export async function startExperiment(
  pool: Pool,
  tenant: Tenant,
  given: NewExperiment,
  started: { at: Date; by: string; evenIfSmall?: boolean },
): Promise<SamplePlan> {
  const experiment = Experiment.parse(given);
  const plan = await planExperiment(pool, tenant, experiment, started.at);
  if (!plan.enough && !started.evenIfSmall) {
    throw new InputError(
      'sample_too_small',
      `${experiment.segment} has ${plan.members} members, and ${plan.needed} are needed to tell ${experiment.base} from ${experiment.target}. Nothing was started.`,
      { action: 'Look for a larger effect, hold out a share nearer to a half, or wait for more members.' },
    );
  }
  const scene = await readReviewScene(pool, tenant, started.at);
  const { definition } = findReviewed(scene, experiment.segmentation);
  await transaction(pool, async (client) => {
    if (!(await addExperiment(client, tenant, experiment, started))) {
      throw new InputError(
        'experiment_exists',
        `There was an experiment ${experiment.key} before. Nothing was started.`,
        {
          action: 'Give it another key: the same one would assign the same people.',
        },
      );
    }
    await client.query(
      `insert into ${tenant.schema}.experiment_member (experiment, subject_id, arm, at)
       select $1, s.id, case when ${heldOutSql(experiment, 's.id')} then 'holdout' else 'treated' end, $2
       from ${tenant.schema}.${definition.subject} s where $3 = any(${labelsSql(definition)})`,
      [experiment.key, started.at, experiment.segment],
    );
    const entry = { actor: started.by, action: 'experiment.begin', subject: experiment.segmentation };
    await addAudit(client, tenant, { ...entry, after: { experiment, plan } });
  });
  return plan;
}

export type ExperimentReport = ExperimentRow & { result: ExperimentResult };

/** Where an experiment stands: sizes at any time, the comparison from its horizon on, or at any time if so planned. */
export async function readExperiment(
  db: Queryable,
  tenant: Tenant,
  key: string,
  asOf: Date,
): Promise<ExperimentReport> {
  const row = await findExperiment(db, tenant, key);
  const { experiment, startedAt } = row;
  const ends = DateTime.fromJSDate(startedAt, { zone: tenant.zone }).plus({ days: experiment.horizonDays });
  const scene = await readReviewScene(db, tenant, asOf);
  const { definition } = findReviewed(scene, experiment.segmentation);
  const canCount = (['won', 'closed_at'] as const).every(
    (name) => scene.index.get('deal', name) !== undefined,
  );
  if (!canCount) {
    throw new AppError('deals_unknown', 'No connection tells which deals were won when.', {
      action: 'Map `won` and `closed_at` of deals.',
    });
  }
  // A deal may be marked as won with a close date to come: what is told today is up to yesterday.
  const until = asOf < ends.toJSDate() ? asOf : ends.toJSDate();
  const { rows } = await db.query<{ arm: ArmName; day: string | null; n: number }>(
    `select m.arm, b.day::text as day, count(*)::int as n
     from ${tenant.schema}.experiment_member m
     left join lateral (
       select min(d.closed_at) as day from ${tenant.schema}.deal d
       where d.${definition.subject}_id = m.subject_id and d.won and d.counts
         and d.closed_at >= ($2::timestamptz at time zone $4)::date
         and d.closed_at < ($3::timestamptz at time zone $4)::date
     ) b on true
     where m.experiment = $1 group by 1, 2`,
    [key, startedAt, until, tenant.zone],
  );
  const arm = (name: ArmName): ArmCounts => {
    const own = rows.filter((found) => found.arm === name);
    const count = (those: typeof own): number => those.reduce((total, { n }) => total + n, 0);
    return { members: count(own), bought: count(own.filter(({ day }) => day !== null)) };
  };
  const on = (day: string, name: ArmName): number =>
    rows.find((found) => found.arm === name && found.day === day)?.n ?? 0;
  const days = [...new Set(rows.flatMap(({ day }) => day ?? []))]
    .sort()
    .map((day) => ({ day, treated: on(day, 'treated'), holdout: on(day, 'holdout') }));
  const arms = { treated: arm('treated'), holdout: arm('holdout') };
  return { ...row, result: readResult(experiment, arms, { ends: ends.toJSDate(), asOf, days }) };
}

/** Ends an experiment: nobody is held out any more. Before the horizon it is stopped, and there is no verdict. */
export async function stopExperiment(
  pool: Pool,
  tenant: Tenant,
  key: string,
  stopped: { at: Date; by: string },
): Promise<void> {
  const { result, experiment } = await readExperiment(pool, tenant, key, stopped.at);
  const state = result.verdict === 'early' ? 'stopped' : 'ended';
  await transaction(pool, async (client) => {
    if (!(await endExperiment(client, tenant, key, { state, at: stopped.at }))) return;
    const entry = { actor: stopped.by, action: 'experiment.end', subject: experiment.segmentation };
    await addAudit(client, tenant, { ...entry, after: { key, state, verdict: result.verdict } });
  });
}

async function findExperiment(db: Queryable, tenant: Tenant, key: string): Promise<ExperimentRow> {
  const rows = await listExperiments(db, tenant);
  const found = rows.find(({ experiment }) => experiment.key === key);
  if (found !== undefined) return found;
  throw new InputError('experiment_unknown', `There is no experiment ${key}.`, {
    action:
      rows.length === 0
        ? 'Start one first.'
        : `Name one of: ${rows.map((row) => row.experiment.key).join(', ')}.`,
  });
}
