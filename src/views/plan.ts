import { AppError } from '../errors.ts';
import type { SubjectType } from '../model/attribute.ts';
import { refuseSensitive } from '../pipeline/label/sensitive-gate.ts';
import { binder, settledSql, staysOf } from '../pipeline/label/stay.ts';
import { learnModel } from '../pipeline/learn/learn.ts';
import type { Plans } from '../pipeline/publish/plans.ts';
import { type Change, changeOf, refuseClash } from '../pipeline/publish/publish.ts';
import { refusesProfiling } from '../pipeline/push/desired.ts';
import { compileLabels, learns, type Plan } from '../segmentation/compile.ts';
import type { Restriction } from '../segmentation/compile-base.ts';
import type { Segmentation } from '../segmentation/definition.ts';
import type { LearnRequest } from '../segmentation/learn.ts';
import { hasCutPoints } from '../segmentation/percentile.ts';
import type { Unmet } from '../segmentation/requirements.ts';
import { newestModels } from '../store/models.ts';
import type { Pool } from '../store/pool.ts';
import { listNewest } from '../store/segmentations.ts';
import type { Tenant } from '../store/tenant.ts';
import { readBasis, whatIsMissing } from './preview.ts';

export type PlannedSegment = {
  segment: string;
  before: number;
  after: number;
  enters: number;
  leaves: number;
};

/** Somebody whose labels would change. */
export type PlannedSample = { id: string; name: string | null; before: string[]; after: string[] };

/** What publishing a definition would do to the labels as they are now; nothing is written. */
export type Planned = {
  key: string;
  name: string;
  change: Change;
  subject: SubjectType;
  /** Those of the definition, and those that it no longer has. */
  segments: PlannedSegment[];
  /** Subjects whose labels would change. */
  changes: number;
  total: number;
  unlabelled: number;
  samples: PlannedSample[];
  /** Segments that lack attributes. */
  unmet: Unmet[];
  /** Segments that are worked out without some of their conditions. */
  passedOver: Unmet[];
  /** Why nothing could be worked out, if so: nothing to learn from yet, an attribute that is filling. */
  problem: string | null;
};

const SUBJECTS_AT_ONCE = 4_000;
const SAMPLES = 5;

/**
 * Who would enter and leave if these were published together and a run followed at once.
 * @throws InputError where they could not be published
 */
export async function planSegmentations(
  pool: Pool,
  tenant: Tenant,
  definitions: readonly Segmentation[],
  asOf: Date,
): Promise<Planned[]> {
  const newest = await listNewest(pool, tenant);
  for (const definition of definitions) refuseClash(definition, newest);
  await refuseSensitive(pool, tenant, definitions);
  const basis = await readBasis(pool, tenant, asOf);
  const { request } = basis;
  const planned: Planned[] = [];
  const plans: Plan[] = [];
  for (const definition of definitions) {
    const change = changeOf(definition, newest);
    const missing = whatIsMissing(definition, basis);
    const { plan, problem } =
      missing === null
        ? await withModel(pool, tenant, definition, change, { ...request, others: plans })
        : { plan: null, problem: missing };
    if (plan) plans.push(plan);
    const { key, name, subject } = definition;
    const counts = {
      segments: [],
      changes: 0,
      total: 0,
      unlabelled: 0,
      samples: [],
      unmet: [],
      passedOver: [],
    };
    planned.push({ key, name, change, subject, ...counts, problem });
  }
  for (const subject of ['company', 'person'] as const) {
    const own = plans.filter(({ definition }) => definition.subject === subject);
    if (own.length > 0) await count(pool, tenant, request, subject, own, planned);
  }
  return planned;
}

async function withModel(
  pool: Pool,
  tenant: Tenant,
  definition: Segmentation,
  change: Change,
  request: LearnRequest,
): Promise<{ plan: Plan | null; problem: string | null }> {
  if (!learns(definition)) return { plan: { definition, model: null }, problem: null };
  const stored = (await newestModels(pool, tenant)).get(definition.key);
  const isWhole = stored && hasCutPoints(definition, stored.model, request.attributes);
  if (change === 'unchanged' && isWhole) return { plan: { definition, model: stored.model }, problem: null };
  try {
    return { plan: { definition, model: await learnModel(pool, definition, request) }, problem: null };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { plan: null, problem: error.message };
  }
}

type CountRow = {
  segmentation: string;
  segment: string | null;
  before: number;
  after: number;
  enters: number;
  leaves: number;
};
type SampleRow = { segmentation: string; id: string; name: string | null; before: string[]; after: string[] };

async function count(
  pool: Pool,
  tenant: Tenant,
  request: Plans['request'],
  subject: SubjectType,
  plans: Plan[],
  planned: Planned[],
): Promise<void> {
  const find = (key: string) => planned.find((one) => one.key === key);
  for (let after = '0'; ; ) {
    const { rows: ends } = await pool.query<{ id: string | null; size: number }>(
      `select max(id) as id, count(*)::int as size from (
         select id from ${tenant.schema}.${subject} where id > $1 order by id limit ${SUBJECTS_AT_ONCE}) r`,
      [after],
    );
    const to = ends[0]?.id ?? null;
    if (to === null) break;
    const restrict = { from: String(BigInt(after) + 1n), to };
    const wantsSamples = plans.some(
      ({ definition }) => (find(definition.key)?.samples.length ?? 0) < SAMPLES,
    );
    const { sql, values, samples, unmet, passedOver } = statement(request, subject, plans, restrict);
    const { rows } = await pool.query<CountRow>(sql, values);
    for (const row of rows) add(find(row.segmentation), row);
    if (wantsSamples) {
      for (const { segmentation, ...sample } of (await pool.query<SampleRow>(samples, values)).rows) {
        const one = find(segmentation);
        if (one && one.samples.length < SAMPLES) one.samples.push(sample);
      }
    }
    for (const { definition } of plans) {
      const one = find(definition.key);
      if (!one) continue;
      one.total += ends[0]?.size ?? 0;
      one.unmet = unmet.filter(({ segmentation }) => segmentation === definition.key);
      one.passedOver = passedOver.filter(({ segmentation }) => segmentation === definition.key);
    }
    after = to;
  }
  for (const { definition } of plans) {
    const one = find(definition.key);
    if (!one) continue;
    const missing = definition.segments.filter(
      ({ key }) => !one.segments.some(({ segment }) => segment === key),
    );
    one.segments.push(
      ...missing.map(({ key }) => ({ segment: key, before: 0, after: 0, enters: 0, leaves: 0 })),
    );
    const order = definition.segments.map(({ key }) => key);
    const place = ({ segment }: PlannedSegment) =>
      (order.indexOf(segment) + order.length + 1) % (order.length + 1);
    one.segments.sort((a, b) => place(a) - place(b));
  }
}

/** Rows without a segment count the subjects: `after` those with no label then, `enters` those that change at all. */
function add(one: Planned | undefined, { segment, before, after, enters, leaves }: CountRow): void {
  if (!one) return;
  if (segment === null) {
    one.unlabelled += after;
    one.changes += enters;
    return;
  }
  const known = one.segments.find((other) => other.segment === segment);
  if (known === undefined) one.segments.push({ segment, before, after, enters, leaves });
  else {
    known.before += before;
    known.after += after;
    known.enters += enters;
    known.leaves += leaves;
  }
}

function statement(
  request: Plans['request'],
  subject: SubjectType,
  plans: Plan[],
  restrict: Exclude<Restriction, 'all'>,
): { sql: string; samples: string; values: unknown[]; unmet: Unmet[]; passedOver: Unmet[] } {
  const compiled = compileLabels({ ...request, subject, segmentations: plans, restrict });
  const refused = subject === 'person' ? refusesProfiling(request.attributes, 'g') : 'false';
  const values = [...compiled.values];
  const bind = binder(values);
  const list = (labels: 'one' | 'many', sql: string) =>
    labels === 'one' ? `array_remove(array[${sql}], null)` : sql;
  const rows = compiled.columns.map((column) => {
    const { segmentation, held, labels } = column;
    const plan = plans.find(({ definition }) => definition.key === segmentation);
    const stays = plan ? staysOf(plan, request.asOf, request.zone) : [];
    const settled = settledSql(column, stays, { schema: request.schema, subject, alias: 'n', bind });
    const now = list(labels, settled);
    const was = held === null ? `'{}'::text[]` : list(labels, `n.${held}`);
    return `('${segmentation}', ${was}, ${refused === 'false' ? now : `case when ${refused} then '{}' else ${now} end`})`;
  });
  const base = `
    select g.id, v.segmentation, v.was, v.now
    from (${compiled.sql}) n
    join ${request.schema}.${subject} g on g.id = n.id
    cross join lateral (values ${rows.join(', ')}) v (segmentation, was, now)`;
  const names = request.attributes.filter(
    ({ owner, key }) => owner === subject && ['email', 'name', 'domain'].includes(key),
  );
  const name =
    names.length === 0 ? 'null::text' : `coalesce(${names.map(({ key }) => `g."${key}"`).join(', ')})`;
  return {
    values,
    unmet: compiled.unmet,
    passedOver: compiled.passedOver,
    sql: `with subject as materialized (${base})
      select segmentation, null as segment, 0 as before,
        count(*) filter (where now = '{}')::int as after, count(*) filter (where was <> now)::int as enters,
        0 as leaves
      from subject group by 1
      union all
      select segmentation, k.segment,
        count(*) filter (where k.segment = any(was))::int, count(*) filter (where k.segment = any(now))::int,
        count(*) filter (where k.segment = any(now) and not k.segment = any(was))::int,
        count(*) filter (where k.segment = any(was) and not k.segment = any(now))::int
      from subject cross join lateral (select unnest(was) as segment union select unnest(now)) k
      group by 1, 2`,
    samples: `select segmentation, id, name, was as before, now as after from (
        select s.*, ${name} as name, row_number() over (partition by segmentation order by s.id) as place
        from (${base}) s join ${request.schema}.${subject} g on g.id = s.id where s.was <> s.now) x
      where place <= ${SAMPLES}`,
  };
}
