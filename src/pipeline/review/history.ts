import { InputError } from '../../errors.ts';
import { MIN_GROUP } from '../../review/facts.ts';
import { type Jitter, jitterOf } from '../../review/jitter.ts';
import { type Migration, migrationMatrix } from '../../segmentation/statistics/migration.ts';
import { type Drift, populationStability } from '../../segmentation/statistics/psi.ts';
import type { Queryable } from '../../store/pool.ts';
import type { SegmentationRow } from '../../store/segmentations.ts';
import type { Tenant } from '../../store/tenant.ts';
import { type AttributeDrift, readAttributeDrift } from './distributions.ts';
import { addUp } from './ranges.ts';
import { findReviewed, labelsSql, type ReviewScene, readReviewScene } from './scene.ts';

export type SizePoint = { day: string; segment: string; size: number; revenue: number | null };

/** Why labels changed: because customers changed, or because the lines between segments did. */
export type Causes = {
  /** Cause -> labels that were gained or lost. */
  byCause: Record<string, number>;
  /** data, time, merge, consent. */
  membersMoved: number;
  /** definition, model. */
  linesMoved: number;
  /** Changes of a label by members who moved, per subject and 30 days. */
  perSubjectAndMonth: number | null;
};

export type Flow = { segment: string; before: number; entered: number; left: number; after: number };

export type History = {
  segmentation: string;
  name: string;
  from: Date;
  to: Date;
  sizes: SizePoint[];
  /** By the label that comes first, as `segmentation.segment`, or `(new)` and `(gone)`; counts under 10 are null. */
  migration: Omit<Migration, 'counts'> & { counts: (number | null)[][] };
  flows: Flow[];
  /** Did the shares of the segments, and of no label, shift? Null where nobody had a label at one of the dates. */
  memberDrift: Drift | null;
  /** Against the last review before `from`, else the first run of the version in force; empty before that. */
  attributeDrift: AttributeDrift[];
  causes: Causes;
  /** How far cut points and parameters jumped, from one learning to the next. */
  jitter: Jitter[];
};

/** What became of a segmentation between two instants; `from` is 90 days before `to` if left out. */
export async function readHistory(
  db: Queryable,
  tenant: Tenant,
  key: string,
  range: { from?: Date | undefined; to: Date },
): Promise<History> {
  const { to } = range;
  const from = range.from ?? new Date(to.getTime() - 90 * 86_400_000);
  if (!(from < to)) {
    throw new InputError('range_invalid', 'The first date is not before the second.', {
      action: 'Give --from a day before --as-of.',
    });
  }
  const scene = await readReviewScene(db, tenant, to);
  const row = findReviewed(scene, key);
  const moves = await readMoves(db, scene, row, from);
  const order = row.definition.segments.map((segment) => segment.key);
  const named = (segment: string | null): string | null => (segment === null ? null : `${key}.${segment}`);
  const matrix = migrationMatrix(
    moves.flatMap((move) =>
      move.from === null && move.to === null ? [] : [{ ...move, from: named(move.from), to: named(move.to) }],
    ),
    order.map((segment) => `${key}.${segment}`),
  );
  return {
    segmentation: key,
    name: row.definition.name,
    from,
    to,
    sizes: await readSizeHistory(db, tenant, key, from, to),
    migration: {
      ...matrix,
      counts: matrix.counts.map((line) => line.map((n) => (n > 0 && n < MIN_GROUP ? null : n))),
    },
    flows: await readFlows(db, scene, row, from),
    memberDrift: memberDrift(moves, order),
    attributeDrift: await readAttributeDrift(db, scene, row, from),
    causes: await readCauses(db, scene, row, from),
    jitter: await readJitter(db, tenant, key, from, to),
  };
}

async function readSizeHistory(
  db: Queryable,
  { schema, zone }: Tenant,
  key: string,
  from: Date,
  to: Date,
): Promise<SizePoint[]> {
  const { rows } = await db.query<{ day: string; segment: string; size: number; revenue: string }>(
    `select day::text as day, segment, size, revenue::text as revenue from ${schema}.segment_size
     where segmentation = $1
       and day between ($2::timestamptz at time zone $4)::date and ($3::timestamptz at time zone $4)::date
     order by day, segment`,
    [key, from, to, zone],
  );
  return rows.map((row) => ({
    ...row,
    revenue: row.size > 0 && row.size < MIN_GROUP ? null : Number(row.revenue),
  }));
}

/**
 * Who holds which label at an instant, as a subquery of (id, segment): what is held now, turned back by the first
 * mention of each label since. `$1` is the segmentation, `$4` and
 * `$5` the ids looked at.
 */
function heldAt({ tenant: { schema } }: ReviewScene, { definition }: SegmentationRow, at: string): string {
  const { subject } = definition;
  return `(
    with mention as (
      select distinct on (c.subject_id, m.segment) c.subject_id, m.segment, m.was
      from ${schema}.label_change c
      cross join lateral (
        select unnest(c.gone) as segment, true as was union all select unnest(c.entered), false
      ) m
      where c.segmentation = $1 and c.subject = '${subject}' and c.subject_id between $4 and $5 and c.at > ${at}::timestamptz
      order by c.subject_id, m.segment, c.at, m.was desc
    )
    select m.subject_id as id, m.segment from mention m where m.was
    union all
    select s.id, l.segment from ${schema}.${subject} s cross join lateral unnest(${labelsSql(definition)}) l (segment)
    where s.id between $4 and $5 and not exists (select from mention m where m.subject_id = s.id and m.segment = l.segment)
  )`;
}

type Move = { from: string | null; to: string | null; count: number };

/** From which label to which, by the one that comes first in the definition; null for none. */
async function readMoves(
  db: Queryable,
  scene: ReviewScene,
  row: SegmentationRow,
  from: Date,
): Promise<Move[]> {
  const { subject, segments } = row.definition;
  const first = (held: string): string =>
    `(select distinct on (h.id) h.id, h.segment from ${held} h
      left join unnest($6::text[]) with ordinality o (segment, n) on o.segment = h.segment
      order by h.id, o.n nulls last)`;
  return addUp(db, scene.tenant, subject, async (range) => {
    const { rows } = await db.query<Move>(
      `select b.segment as "from", a.segment as "to", count(*)::int as count
     from (select id from ${scene.tenant.schema}.${subject} where id between $4 and $5) s
     full join ${first(heldAt(scene, row, '$2'))} b on b.id = s.id
     left join ${first(heldAt(scene, row, '$3'))} a on a.id = coalesce(s.id, b.id)
     group by 1, 2`,
      [row.key, from, scene.asOf, range.from, range.to, segments.map(({ key }) => key)],
    );
    return rows;
  });
}

async function readFlows(
  db: Queryable,
  scene: ReviewScene,
  row: SegmentationRow,
  from: Date,
): Promise<Flow[]> {
  const { definition } = row;
  const rows = await addUp(db, scene.tenant, definition.subject, async (range) => {
    const counted = await db.query<Flow>(
      `select coalesce(b.segment, a.segment) as segment, count(b.id)::int as before,
       count(*) filter (where b.id is null)::int as entered, count(*) filter (where a.id is null)::int as left,
       count(a.id)::int as after
     from ${heldAt(scene, row, '$2')} b
     full join ${heldAt(scene, row, '$3')} a on a.id = b.id and a.segment = b.segment
     group by 1`,
      [row.key, from, scene.asOf, range.from, range.to],
    );
    return counted.rows;
  });
  return definition.segments.map(
    ({ key }) =>
      rows.find(({ segment }) => segment === key) ?? {
        segment: key,
        before: 0,
        entered: 0,
        left: 0,
        after: 0,
      },
  );
}

function memberDrift(moves: readonly Move[], order: readonly string[]): Drift | null {
  const bins = [...order, null];
  const counts = (side: 'from' | 'to'): number[] =>
    bins.map((bin) => moves.reduce((sum, move) => sum + (move[side] === bin ? move.count : 0), 0));
  const [before, after] = [counts('from'), counts('to')];
  // Next to nobody with a label: it was not in use yet, or no longer.
  const isEmpty = (side: readonly number[]): boolean =>
    side.slice(0, order.length).reduce((sum, count) => sum + count, 0) < MIN_GROUP;
  return isEmpty(before) || isEmpty(after) ? null : populationStability(before, after);
}

const LINES = new Set(['definition', 'model']);

async function readCauses(
  db: Queryable,
  { tenant: { schema }, asOf }: ReviewScene,
  { key, definition }: SegmentationRow,
  from: Date,
): Promise<Causes> {
  const { rows } = await db.query<{ cause: string; n: number; subjects: number }>(
    `select cause, sum(greatest(cardinality(entered), cardinality(gone)))::int as n,
       (select count(*)::int from ${schema}.${definition.subject}) as subjects
     from ${schema}.label_change
     where segmentation = $1 and at > $2 and at <= $3 group by 1 order by 1`,
    [key, from, asOf],
  );
  const sum = (isOfLines: boolean): number =>
    rows.reduce((total, { cause, n }) => total + (LINES.has(cause) === isOfLines ? n : 0), 0);
  const months = (asOf.getTime() - from.getTime()) / (30 * 86_400_000);
  const subjects = rows[0]?.subjects ?? 0;
  return {
    byCause: Object.fromEntries(rows.map(({ cause, n }) => [cause, n])),
    membersMoved: sum(false),
    linesMoved: sum(true),
    perSubjectAndMonth: subjects === 0 ? null : sum(false) / subjects / months,
  };
}

async function readJitter(
  db: Queryable,
  { schema }: Tenant,
  key: string,
  from: Date,
  to: Date,
): Promise<Jitter[]> {
  const { rows } = await db.query<{ version: number; asOf: Date; parameters: unknown }>(
    `select version, as_of as "asOf", parameters from ${schema}.model
     where segmentation = $1 and as_of <= $3
       and version >= coalesce((select max(version) from ${schema}.model where segmentation = $1 and as_of <= $2), 0)
     order by version`,
    [key, from, to],
  );
  return jitterOf(rows);
}
