import type { SubjectType } from '../../model/attribute.ts';
import { type CompiledLabels, compileLabels, type Plan } from '../../segmentation/compile.ts';
import type { Restriction } from '../../segmentation/compile-base.ts';
import { labelColumn } from '../../store/columns.ts';
import { quoted } from '../../store/identifier.ts';
import type { Plans } from '../publish/plans.ts';
import { refusesProfiling } from '../push/desired.ts';
import { binder, settledSql, staysOf } from './stay.ts';

export type LabelRun = {
  runId: string | null;
  /** Segmentations whose definition or model is another than at the last run. */
  changedBy: ReadonlyMap<string, 'definition' | 'model'>;
  /** Merges since then are the cause of what changes with them. */
  since: Date;
  storeScores: boolean;
  /** Once an hour is enough for how segments grow. */
  countSizes: boolean;
};

type Statement = { sql: string; values: unknown[] };

/**
 * One statement that labels the restricted subjects: works the labels out, lets `stay` keep some, writes only the
 * rows that change, and appends each change with its cause. Whoever may not be profiled is left to clearStatement.
 *
 * The cause is what is cheapest to know, most telling first: the definition or the model is another one than at the
 * last run; the subject took in another one since then; something of it was noted as changed (`data`); else time
 * went by.
 */
export function labelStatement(
  { request }: Plans,
  plans: readonly Plan[],
  subject: SubjectType,
  restrict: Exclude<Restriction, 'all'>,
  run: LabelRun,
): Statement {
  const scores = run.storeScores ? 'all' : 'none';
  const compiled = compileLabels({ ...request, subject, segmentations: plans, restrict, scores });
  const values = [...compiled.values];
  const bind = binder(values);
  const { schema } = request;
  const at = bind(request.asOf.toISOString(), 'timestamptz');
  const bounds =
    'ids' in restrict
      ? `= any(${bind(restrict.ids, 'bigint[]')})`
      : `between ${bind(restrict.from, 'bigint')} and ${bind(restrict.to, 'bigint')}`;
  // Few rows differ. They are written by their ids: else a hash join would read all of the range once more. Whether
  // they may be profiled is looked up one by one (`offset 0`).
  const within = (column: string) => `${column} ${bounds}`;
  const columns = compiled.columns.map((column) => {
    const plan = plans.find(({ definition }) => definition.key === column.segmentation);
    return {
      ...column,
      held: column.held ?? 'null',
      stays: plan ? staysOf(plan, request.asOf, request.zone) : [],
    };
  });
  const settled = columns.map((column) =>
    settledSql(column, column.stays, { schema, subject, alias: 'j', bind }),
  );
  const differs = (alias: string) =>
    columns.map(({ column, held }) => `${alias}.${column} is distinct from ${alias}.${held}`).join(' or ');
  const refused = subject === 'person' ? refusesProfiling(request.attributes, 'g') : 'false';
  const changes = columns.map(({ segmentation, column, held, labels }) => {
    const now = labels === 'one' ? `array_remove(array[s.${column}], null)` : `s.${column}`;
    const was = labels === 'one' ? `array_remove(array[s.${held}], null)` : `s.${held}`;
    const known = run.changedBy.get(segmentation);
    const cause = known === undefined ? 's.cause' : `'${known}'`;
    return `('${segmentation}', ${now}, ${was}, ${labels === 'one'}, ${cause}, s.${column} is distinct from s.${held})`;
  });
  const sql = `
    with computed as ${run.storeScores && compiled.scores.length > 0 ? 'materialized' : 'not materialized'} (
      ${compiled.sql}
    ), noted as (
      delete from ${schema}.dirty_subject
      where stage = 'label' and subject = '${subject}' and ${within('id')} returning id
    ), merged as (
      select distinct survivor_id as id from ${schema}.merge
      where subject = '${subject}' and at > ${bind(run.since.toISOString(), 'timestamptz')}
    ), judged as materialized (
      select n.* from computed n where ${differs('n')}
    ), settled as materialized (
      select j.id, ${columns.map(({ column, held }, i) => `${settled[i]} as ${column}, j.${held}`).join(', ')},
        case when exists (select from merged m where m.id = j.id) then 'merge'
             when exists (select from noted d where d.id = j.id) then 'data' else 'time' end as cause
      from judged j${
        refused === 'false'
          ? ''
          : ` cross join lateral (select from ${schema}.${subject} g where g.id = j.id and not ${refused} offset 0) g`
      }
    ), changed as materialized (
      select * from settled s where ${differs('s')}
    ), written as (
      update ${schema}.${subject} t
      set ${columns.map(({ column }) => `${quoted(column)} = s.${column}`).join(', ')}
      from changed s where t.id = s.id and t.id = any(array(select id from changed))
    ), logged as (
      insert into ${schema}.label_change (at, run_id, subject, subject_id, segmentation, entered, gone, cause)
      select ${at}, ${bind(run.runId, 'bigint')}, '${subject}', s.id, v.segmentation,
        ${without('v.now', 'v.was')}, ${without('v.was', 'v.now')}, v.cause
      from changed s
      cross join lateral (values ${changes.join(', ')}) v (segmentation, now, was, is_one, cause, differs)
      where v.differs
    )${scoresSql(schema, subject, compiled, run, at, refused, within)}
    select coalesce(array_agg(id), '{}') as changed from changed`;
  return { sql, values };
}

/**
 * The labels of one list that the other lacks. Comparing two lists takes far longer than all else that a change costs,
 * and is seldom needed: of one label that changed both differ, and of none nothing is taken.
 */
const without = (list: string, other: string): string =>
  `case when v.is_one or coalesce(${other}, '{}') = '{}' then coalesce(${list}, '{}')
          else array(select unnest(${list}) except select unnest(${other})) end`;

/**
 * Less than this is no news: time alone moves most scores by a little each day, and each would be a row written. A
 * hundredth of what is stored, and a thousandth where that is less.
 */
const SCORE_MOVES = { byShare: 0.01, byAtLeast: 0.001 };

function scoresSql(
  schema: string,
  subject: SubjectType,
  compiled: CompiledLabels,
  run: LabelRun,
  at: string,
  refused: string,
  within: (column: string) => string,
): string {
  if (!run.storeScores || compiled.scores.length === 0) return '';
  const values = compiled.scores.map(
    ({ segmentation, score, column }) => `('${segmentation}.${score}', n.${column}::double precision)`,
  );
  const gate =
    refused === 'false'
      ? ''
      : ` and not exists (select from ${schema}.${subject} g where g.id = n.id and ${refused})`;
  return `, moved as materialized (
      select n.id, v.key, v.value
      from computed n cross join lateral (values ${values.join(', ')}) v (key, value)
      left join ${schema}.score x
        on x.subject = '${subject}' and x.subject_id = n.id and x.key = v.key and ${within('x.subject_id')}
      where ((v.value is null) <> (x.value is null)
        or abs(v.value - x.value) > greatest(${SCORE_MOVES.byAtLeast}, abs(x.value) * ${SCORE_MOVES.byShare}))${gate}
    ), unscored as (
      delete from ${schema}.score x using moved m
      where m.value is null and x.subject = '${subject}' and x.subject_id = m.id and x.key = m.key
    ), scored as (
      insert into ${schema}.score (subject, subject_id, key, value, at)
      select '${subject}', m.id, m.key, m.value, ${at} from moved m where m.value is not null
      on conflict (subject, subject_id, key) do update set value = excluded.value, at = excluded.at
    )`;
}

/**
 * Who may not be profiled and still has labels or scores, in pieces; null where nothing says who that is. In no order:
 * by their ids everybody would be looked up one by one.
 */
export function refusingStatement({ request }: Plans, atMost: number): string | null {
  const refused = refusesProfiling(request.attributes, 's');
  const stored = (request.stored ?? []).filter(({ subject }) => subject === 'person');
  if (refused === 'false' || stored.length === 0) return null;
  const { schema } = request;
  const held = stored.map(({ segmentation, labels }) =>
    isHeld(`s.${quoted(labelColumn(segmentation))}`, labels),
  );
  return `select coalesce(array_agg(id), '{}') as ids from (
    select s.id from ${schema}.person s
    where ${refused} and (${held.join(' or ')}
      or exists (select from ${schema}.score c where c.subject = 'person' and c.subject_id = s.id))
    limit ${atMost}) r`;
}

function isHeld(column: string, labels: 'one' | 'many'): string {
  return labels === 'one' ? `${column} is not null` : `${column} <> '{}'`;
}

/** Takes all labels and scores from the restricted people who may not be profiled; null where nothing says who that is. */
export function clearStatement(
  { request }: Plans,
  restrict: Exclude<Restriction, 'all'>,
  runId: string | null,
): Statement | null {
  const refused = refusesProfiling(request.attributes, 's');
  const stored = (request.stored ?? []).filter(({ subject }) => subject === 'person');
  if (refused === 'false' || stored.length === 0) return null;
  const values: unknown[] = [];
  const bind = binder(values);
  const { schema } = request;
  const columns = stored.map(({ segmentation, labels }) => ({
    segmentation,
    column: quoted(labelColumn(segmentation)),
    empty: labels === 'one' ? 'null' : `'{}'`,
    list:
      labels === 'one' ? (alias: string) => `array_remove(array[${alias}], null)` : (alias: string) => alias,
    isHeld: isHeld(`s.${quoted(labelColumn(segmentation))}`, labels),
  }));
  const bounds =
    'ids' in restrict
      ? `= any(${bind(restrict.ids, 'bigint[]')})`
      : `between ${bind(restrict.from, 'bigint')} and ${bind(restrict.to, 'bigint')}`;
  const within = (column: string) => `${column} ${bounds}`;
  const changes = columns.map(
    ({ segmentation, column, list }) => `('${segmentation}', ${list(`f.${column}`)})`,
  );
  const sql = `
    with refused as materialized (
      select s.id, ${columns.map(({ column }) => `s.${column}`).join(', ')}
      from ${schema}.person s
      where ${within('s.id')} and ${refused} and (${columns.map(({ isHeld }) => isHeld).join(' or ')})
    ), written as (
      update ${schema}.person t set ${columns.map(({ column, empty }) => `${column} = ${empty}`).join(', ')}
      from refused f where t.id = f.id and ${within('t.id')}
    ), logged as (
      insert into ${schema}.label_change (at, run_id, subject, subject_id, segmentation, gone, cause)
      select ${bind(request.asOf.toISOString(), 'timestamptz')}, ${bind(runId, 'bigint')}, 'person', f.id,
        v.segmentation, v.gone, 'consent'
      from refused f cross join lateral (values ${changes.join(', ')}) v (segmentation, gone)
      where v.gone <> '{}'
    ), unscored as (
      delete from ${schema}.score where subject = 'person' and subject_id = any(array(
        select s.id from ${schema}.person s where ${within('s.id')} and ${refused}))
    )
    select coalesce(array_agg(id), '{}') as changed from refused`;
  return { sql, values };
}
