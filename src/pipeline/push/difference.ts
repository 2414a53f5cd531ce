import { z } from 'zod';
import type { ObjectType } from '../../model/record.ts';
import { newBindings } from '../../segmentation/bindings.ts';
import type { Queryable } from '../../store/pool.ts';
import { recordTables } from '../../store/records.ts';
import {
  desiredSql,
  EVERYTHING,
  type Range,
  rangeSql,
  type Scene,
  Shown,
  ShownByTarget,
  type ShownTarget,
} from './desired.ts';

/** Target id -> the last refusal of its value. `isDue`: it may be tried in this run. */
const Refusals = z.record(
  z.string(),
  z.object({ value: Shown.nullable(), tries: z.number(), isDue: z.boolean(), isOfThisRun: z.boolean() }),
);

/** A record that may have to be written: what it should show, and what we last showed there. */
export const Difference = z.object({
  key: z.string(),
  /** Null where the record is not there, or not for us to see any more. */
  kind: z.string().nullable(),
  /** The kind of a record that we no longer hold, as its person was erased. */
  erasedKind: z.string().nullable(),
  email: z.string().nullable(),
  /** State of the record where it is not live; null for live ones, and where we know of no record. */
  gone: z.enum(['deleted', 'merged']).nullable(),
  parent: z.string().nullable(),
  want: ShownByTarget,
  shown: ShownByTarget,
  /** Targets whose last write has an unknown outcome. */
  unconfirmed: z.array(z.string()),
  refusals: Refusals,
});
export type Difference = z.infer<typeof Difference>;

/** A value that was refused again and again is tried less and less often: 5 minutes, 20, 80 ... up to a day. */
const REFUSAL_DUE = `tries < 2 or last_at < now() - least(interval '1 day', interval '5 minutes' * 4 ^ least(tries - 2, 6))`;

type Joined = { sql: string; values: unknown[] };

/**
 * Desired values against the ledger for these targets and this range, in a full outer join. Pinned values are taken
 * out of both sides; so are targets that are not asked for.
 */
function joined(
  scene: Scene,
  object: ObjectType,
  targets: readonly ShownTarget[],
  range: Range,
  runId: string | null,
): Joined {
  const bindings = newBindings();
  const { schema } = scene.tenant;
  const connection = bindings.bind(scene.connectionId, 'text');
  const wanted = new Set(targets.map(({ id }) => id));
  const others = scene.targets.flatMap(({ id }) => (wanted.has(id) ? [] : [id]));
  const of = `connection_id = ${connection} and object = ${bindings.bind(object, 'text')}`;
  const { table, subject } = recordTables[object];
  const sql = `
    with want as (
      ${desiredSql(scene, object, targets, range, bindings)}
    ), have as (
      select external_key as key, shown - ${bindings.bind(others, 'text[]')} as shown, unconfirmed, kind
      from ${schema}.ledger where ${of} ${rangeSql('external_key', range, bindings)}
    ), pinned as (
      select external_key as key, array_agg(target_id) as targets from ${schema}.pin
      where ${of} and (until is null or until > ${bindings.bind(scene.asOf.toISOString(), 'timestamptz')})
        ${rangeSql('external_key', range, bindings)}
      group by 1
    ), refused as (
      select external_key as key, jsonb_object_agg(target_id, jsonb_build_object(
          'value', value, 'tries', tries,
          'isOfThisRun', run_id is not distinct from ${runId === null ? 'null' : bindings.bind(runId, 'bigint')},
          'isDue', ${REFUSAL_DUE})) as by_target
      from ${schema}.refusal where ${of} and target_id = any(${bindings.bind([...wanted], 'text[]')})
        ${rangeSql('external_key', range, bindings)}
      group by 1
    ), joined as (
      select coalesce(w.key, h.key) as key, w.kind, h.kind as erased_kind, w.email,
        coalesce(w.want, '{}') - coalesce(p.targets, '{}') as want,
        coalesce(h.shown, '{}') - coalesce(p.targets, '{}') as shown,
        coalesce(h.unconfirmed, '{}') as unconfirmed, coalesce(f.by_target, '{}') as refusals
      from want w
      full outer join have h on h.key = w.key
      left join pinned p on p.key = coalesce(w.key, h.key)
      left join refused f on f.key = coalesce(w.key, h.key)
    ), present as (
      select j.*, case when j.kind is null then (
          select case when r.state = 'live' and r.${subject} is null then 'unknown' else r.state end
          from ${schema}.${table} r where r.connection_id = ${connection} and r.id = j.key
        ) end as state
      from joined j
      where j.want <> j.shown or j.refusals <> '{}'
        or j.unconfirmed && ${bindings.bind([...wanted], 'text[]')}
        or (j.kind is null and j.unconfirmed <> '{}')
    )`;
  return { sql, values: bindings.values };
}

/**
 * The next records whose values differ from the ledger's, in the order of their ids, at most `limit`.
 * A record that is live but not unified yet is left alone.
 */
export async function readDifferences(
  db: Queryable,
  scene: Scene,
  object: ObjectType,
  targets: readonly ShownTarget[],
  range: Range,
  options: { limit: number; runId: string | null },
): Promise<Difference[]> {
  const { sql, values } = joined(scene, object, targets, range, options.runId);
  const { schema } = scene.tenant;
  const { rows } = await db.query(
    `${sql}
    select d.key, d.kind, d.erased_kind as "erasedKind", d.email, d.want, d.shown, d.unconfirmed, d.refusals,
      case when d.state in ('deleted', 'merged') then d.state end as gone,
      (select a.to_id from ${schema}.association a
        where a.connection_id = $${values.length + 1} and a.from_object = $${values.length + 2} and a.from_id = d.key
          and a.to_object = 'company' order by a.is_primary desc, a.to_id limit 1) as parent
    from (select * from present where state is distinct from 'unknown'
      order by key limit ${options.limit}) d
    order by d.key`,
    [...values, scene.connectionId, object],
  );
  return rows.map((row) => Difference.parse(row));
}

export type TargetCounts = {
  /** Records that show a value of the target now. */
  shown: number;
  /** Records that would be written. */
  writes: number;
  /** Those of them that show another value now. */
  changes: number;
};

type DifferenceCounts = {
  /** Records with any difference, refusal or open question. */
  rows: number;
  targets: Map<string, TargetCounts>;
};

/** What a push would do to each target in the range. */
export async function countDifferences(
  db: Queryable,
  scene: Scene,
  object: ObjectType,
  targets: readonly ShownTarget[],
  range: Range,
): Promise<DifferenceCounts> {
  const counts = new Map<string, TargetCounts>(
    targets.map(({ id }) => [id, { shown: 0, writes: 0, changes: 0 }]),
  );
  const { sql, values } = joined(scene, object, targets, range, null);
  const writes = (id: string) => `(want -> '${id}') is distinct from (shown -> '${id}')`;
  const isThere = `(state is null or state not in ('unknown', 'deleted', 'merged'))`;
  const columns = targets.map(
    ({ id }) =>
      `count(*) filter (where ${isThere} and ${writes(id)})::int as "${id}_writes",
       count(*) filter (where ${isThere} and ${writes(id)} and shown ? '${id}')::int as "${id}_changes"`,
  );
  const { rows } = await db.query<Record<string, number>>(
    `${sql} select ${['count(*)::int as rows', ...columns].join(', ')} from present
     where state is distinct from 'unknown'`,
    values,
  );
  const shown = newBindings();
  const { rows: present } = await db.query<{ id: string; shown: number }>(
    `select t.id, count(*)::int as shown
     from ${scene.tenant.schema}.ledger l
     cross join unnest(${shown.bind([...counts.keys()], 'text[]')}) as t (id)
     where l.connection_id = ${shown.bind(scene.connectionId, 'text')}
       and l.object = ${shown.bind(object, 'text')} and l.shown ? t.id ${rangeSql('l.external_key', range, shown)}
     group by t.id`,
    shown.values,
  );
  for (const [id, count] of counts) {
    count.writes = rows[0]?.[`${id}_writes`] ?? 0;
    count.changes = rows[0]?.[`${id}_changes`] ?? 0;
    count.shown = present.find((row) => row.id === id)?.shown ?? 0;
  }
  return { rows: rows[0]?.rows ?? 0, targets: counts };
}

/** Records looked at by one statement, so that none holds an embedded database for long. */
export const RECORDS_AT_ONCE = 10_000;

/** The end of a range of about `span` records after `after`; null where there are fewer left. */
export async function rangeEnd(
  db: Queryable,
  scene: Scene,
  object: ObjectType,
  after: string | null,
  span = RECORDS_AT_ONCE,
): Promise<string | null> {
  const { table } = recordTables[object];
  const { rows } = await db.query<{ id: string }>(
    `select id from ${scene.tenant.schema}.${table}
     where connection_id = $1 and ($2::text is null or id > $2)
     order by id offset $3 limit 1`,
    [scene.connectionId, after, span],
  );
  return rows[0]?.id ?? null;
}

/** countDifferences over all records, range by range. */
export async function countAllDifferences(
  db: Queryable,
  scene: Scene,
  object: ObjectType,
  targets: readonly ShownTarget[],
): Promise<DifferenceCounts> {
  const total: DifferenceCounts = { rows: 0, targets: new Map() };
  for (let after = EVERYTHING.after; ; ) {
    const to = await rangeEnd(db, scene, object, after);
    const part = await countDifferences(db, scene, object, targets, { after, to });
    total.rows += part.rows;
    for (const [id, count] of part.targets) {
      const sum = total.targets.get(id) ?? { shown: 0, writes: 0, changes: 0 };
      sum.shown += count.shown;
      sum.writes += count.writes;
      sum.changes += count.changes;
      total.targets.set(id, sum);
    }
    if (to === null) return total;
    after = to;
  }
}
