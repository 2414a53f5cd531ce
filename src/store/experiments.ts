import { Experiment } from '../review/experiment.ts';
import type { Queryable } from './pool.ts';
import type { Tenant } from './tenant.ts';

export type ExperimentRow = {
  experiment: Experiment;
  state: 'running' | 'ended' | 'stopped';
  startedAt: Date;
  startedBy: string;
  endedAt: Date | null;
};

type Stored = Omit<ExperimentRow, 'experiment'> & { definition: unknown };

/** All of a tenant, newest first; those that run hold people out. */
export async function listExperiments(db: Queryable, { schema }: Tenant): Promise<ExperimentRow[]> {
  const { rows } = await db.query<Stored>(
    `select definition, state, started_at as "startedAt", started_by as "startedBy", ended_at as "endedAt"
     from ${schema}.experiment order by started_at desc, key`,
  );
  return rows.map(({ definition, ...row }) => ({ ...row, experiment: Experiment.parse(definition) }));
}

/** False where the key was used before: it is never given out again, as the hash would assign the same people. */
export async function addExperiment(
  db: Queryable,
  { schema }: Tenant,
  experiment: Experiment,
  started: { at: Date; by: string },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into ${schema}.experiment (key, segmentation, segment, definition, started_at, started_by)
     values ($1, $2, $3, $4::jsonb, $5, $6) on conflict (key) do nothing`,
    [
      experiment.key,
      experiment.segmentation,
      experiment.segment,
      JSON.stringify(experiment),
      started.at,
      started.by,
    ],
  );
  return rowCount === 1;
}

/** From then on nobody is held out for it any more. */
export async function endExperiment(
  db: Queryable,
  { schema }: Tenant,
  key: string,
  ended: { state: 'ended' | 'stopped'; at: Date },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update ${schema}.experiment set state = $2, ended_at = $3 where key = $1 and state = 'running'`,
    [key, ended.state, ended.at],
  );
  return rowCount === 1;
}
