import { MIN_GROUP } from '../../review/facts.ts';
import type { Segmentation } from '../../segmentation/definition.ts';
import { type Overlap, overlapOf } from '../../segmentation/statistics/overlap.ts';
import type { Queryable } from '../../store/pool.ts';
import type { Tenant } from '../../store/tenant.ts';
import { addUp } from './ranges.ts';
import { reachableSql } from './reach.ts';
import { findReviewed, labelsSql, type ReviewScene, readReviewScene, revenueSql } from './scene.ts';

/** Two segments and those in both. `both` and what follows from it are null where there are some, but under 10. */
export type PairOverlap = {
  /** As `segmentation.segment`. */
  a: string;
  b: string;
  sizeA: number;
  sizeB: number;
  both: number | null;
} & (Overlap | { jaccard: null; containment: null; flagged: false });

/** Revenue and buyers are null where there are some, but under 10. */
export type Unserved = {
  size: number;
  share: number;
  revenue: number | null;
  revenueShare: number | null;
  buyers: number | null;
  reachable: number | null;
};

/** Which label counts where a subject holds several: the one that stands first in the definition. */
export type SegmentPriority = {
  segment: string;
  held: number;
  /** For so many of those it is the first. */
  first: number;
  /** For the others, which one goes before it. */
  yieldsTo: { segment: string; count: number }[];
};

export type OverlapReport = {
  segmentation: string;
  name: string;
  asOf: Date;
  subjects: number;
  /** Share with at least one of its labels. */
  coverage: number;
  /** With none of its labels. */
  unserved: Unserved;
  /** With no label of any published segmentation of this subject. */
  unservedByAll: Unserved;
  /** Pairs with anybody in both, most alike first. */
  pairs: PairOverlap[];
  priority: SegmentPriority[];
};

/** How far segments share their members, with each other and with those of other segmentations, and who is in none. */
export async function readOverlap(
  db: Queryable,
  tenant: Tenant,
  key: string,
  asOf: Date,
): Promise<OverlapReport> {
  const scene = await readReviewScene(db, tenant, asOf);
  const { definition } = findReviewed(scene, key);
  const alike = scene.published
    .map((row) => row.definition)
    .filter(({ subject }) => subject === definition.subject);
  const sizes = new Map<string, number>();
  for (const one of alike) {
    for (const [segment, size] of await readSizes(db, scene, one)) sizes.set(`${one.key}.${segment}`, size);
  }
  const pairs: PairOverlap[] = [];
  for (const other of alike) pairs.push(...(await readPairs(db, scene, definition, other, sizes)));
  const { subjects, ...unserved } = await readUnserved(db, scene, definition, alike);
  return {
    segmentation: key,
    name: definition.name,
    asOf,
    subjects,
    coverage: subjects === 0 ? 0 : 1 - unserved.unserved.size / subjects,
    ...unserved,
    pairs: pairs.sort(byLikeness),
    priority: definition.labels === 'many' ? await readPriority(db, scene, definition, sizes) : [],
  };
}

function byLikeness(x: PairOverlap, y: PairOverlap): number {
  const [one, other] = [`${x.a} ${x.b}`, `${y.a} ${y.b}`];
  return (
    (y.jaccard ?? 0) - (x.jaccard ?? 0) ||
    (y.containment ?? 0) - (x.containment ?? 0) ||
    (one < other ? -1 : 1)
  );
}

async function readSizes(
  db: Queryable,
  { tenant }: ReviewScene,
  definition: Segmentation,
): Promise<[string, number][]> {
  const { rows } = await db.query<{ segment: string; size: number }>(
    `select l.segment, count(*)::int as size from ${tenant.schema}.${definition.subject} s
     cross join lateral unnest(${labelsSql(definition)}) l (segment) group by 1`,
  );
  return rows.map(({ segment, size }) => [segment, size]);
}

async function readPairs(
  db: Queryable,
  { tenant }: ReviewScene,
  definition: Segmentation,
  other: Segmentation,
  sizes: ReadonlyMap<string, number>,
): Promise<PairOverlap[]> {
  const isSame = other.key === definition.key;
  if (isSame && definition.labels === 'one') return [];
  const rows = await addUp(db, tenant, definition.subject, async (range) => {
    const counted = await db.query<{ a: string; b: string; both: number }>(
      `select a.segment as a, b.segment as b, count(*)::int as both
     from ${tenant.schema}.${definition.subject} s
     cross join lateral unnest(${labelsSql(definition)}) a (segment)
     cross join lateral unnest(${labelsSql(other)}) b (segment)
     where s.id between $1 and $2 ${isSame ? 'and a.segment < b.segment' : ''} group by 1, 2`,
      [range.from, range.to],
    );
    return counted.rows;
  });
  return rows.map(({ both, ...row }) => {
    const a = `${definition.key}.${row.a}`;
    const b = `${other.key}.${row.b}`;
    const [sizeA, sizeB] = [sizes.get(a) ?? both, sizes.get(b) ?? both];
    if (both < MIN_GROUP)
      return { a, b, sizeA, sizeB, both: null, jaccard: null, containment: null, flagged: false };
    return { a, b, sizeA, sizeB, both, ...overlapOf(Math.max(sizeA, both), Math.max(sizeB, both), both) };
  });
}

async function readUnserved(
  db: Queryable,
  scene: ReviewScene,
  definition: Segmentation,
  alike: readonly Segmentation[],
): Promise<Pick<OverlapReport, 'subjects' | 'unserved' | 'unservedByAll'>> {
  const { subject } = definition;
  const revenue = revenueSql(scene, subject);
  const reachable = reachableSql(scene, subject, 'any') ?? 'false';
  const within = {
    all: 'true',
    own: `${labelsSql(definition)} = '{}'`,
    any: alike.map((one) => `${labelsSql(one)} = '{}'`).join(' and '),
  };
  const counts = Object.entries(within).map(
    ([name, sql]) => `count(*) filter (where ${sql})::int as ${name}_size,
      coalesce(round(sum(${revenue}) filter (where ${sql}), 2), 0)::text as ${name}_revenue,
      count(*) filter (where ${sql} and ${revenue} > 0)::int as ${name}_buyers,
      count(*) filter (where ${sql} and ${reachable})::int as ${name}_reachable`,
  );
  const { rows } = await db.query<Record<string, number | string>>(
    `select ${counts.join(', ')} from ${scene.tenant.schema}.${subject} s`,
  );
  const read = (name: string): number => Number(rows[0]?.[name] ?? 0);
  const subjects = read('all_size');
  const unserved = (name: 'own' | 'any'): Unserved => {
    const [size, buyers, reached] = [read(`${name}_size`), read(`${name}_buyers`), read(`${name}_reachable`)];
    const isFew = buyers > 0 && buyers < MIN_GROUP;
    const total = read('all_revenue');
    return {
      size,
      share: subjects === 0 ? 0 : size / subjects,
      revenue: isFew ? null : read(`${name}_revenue`),
      revenueShare: isFew || total <= 0 ? null : read(`${name}_revenue`) / total,
      buyers: isFew ? null : buyers,
      reachable: reached > 0 && reached < MIN_GROUP ? null : reached,
    };
  };
  return { subjects, unserved: unserved('own'), unservedByAll: unserved('any') };
}

/** Segment keys are letters, digits and underscores: safe in quotes. */
async function readPriority(
  db: Queryable,
  { tenant }: ReviewScene,
  definition: Segmentation,
  sizes: ReadonlyMap<string, number>,
): Promise<SegmentPriority[]> {
  const labels = labelsSql(definition);
  const first = definition.segments.map(({ key }) => `when '${key}' = any(${labels}) then '${key}'`);
  const { rows } = await db.query<{ segment: string; first: string; count: number }>(
    `select l.segment, case ${first.join(' ')} end as first, count(*)::int as count
     from ${tenant.schema}.${definition.subject} s cross join lateral unnest(${labels}) l (segment)
     group by 1, 2 order by 3 desc, 2`,
  );
  return definition.segments.map(({ key }) => ({
    segment: key,
    held: sizes.get(`${definition.key}.${key}`) ?? 0,
    first: rows.find((row) => row.segment === key && row.first === key)?.count ?? 0,
    yieldsTo: rows.flatMap((row) =>
      row.segment === key && row.first !== key && row.first !== null
        ? [{ segment: row.first, count: row.count }]
        : [],
    ),
  }));
}
