import { z } from 'zod';
import type { Attribute } from '../../model/attribute.ts';
import { references } from '../../segmentation/references.ts';
import { adjustPValues } from '../../segmentation/statistics/multiple-tests.ts';
import { type Drift, populationStability } from '../../segmentation/statistics/psi.ts';
import { findBaseline } from '../../store/baselines.ts';
import { quoted } from '../../store/identifier.ts';
import type { Queryable } from '../../store/pool.ts';
import { referenceReview } from '../../store/reviews.ts';
import type { SegmentationRow } from '../../store/segmentations.ts';
import type { ReviewScene } from './scene.ts';

/** Counts of an attribute over bins: between edges, or by value; then all other values, and the unknown. */
export const Distribution = z.object({
  attribute: z.string(),
  name: z.string(),
  /** Inner edges of the bins (a value on an edge is below it), or the values that were most frequent. */
  bins: z.union([z.object({ edges: z.array(z.number()) }), z.object({ values: z.array(z.string()) })]),
  counts: z.array(z.number()),
});
export type Distribution = z.infer<typeof Distribution>;

export type AttributeDrift = Drift & {
  attribute: string;
  name: string;
  /** When the attribute was last looked at. */
  since: Date;
  /** The p-value, adjusted for the number of attributes (Benjamini and Hochberg). */
  adjusted: number;
};

const VALUES = 10;

/** Attributes as numbers, or as text. Dates drift by themselves, so their age at the day of the review counts. */
const NUMBER: Partial<Record<Attribute['type'], (column: string) => string>> = {
  number: (column) => column,
  money: (column) => `${column}::double precision`,
  date: (column) => `($1::timestamptz::date - ${column})::double precision`,
  datetime: (column) => `(extract(epoch from $1::timestamptz - ${column}) / 86400)::double precision`,
};

/** How the subject's attributes that a segmentation goes by are distributed now; sensitive ones are left out. */
export async function readDistributions(
  db: Queryable,
  scene: ReviewScene,
  { definition }: Pick<SegmentationRow, 'definition'>,
  given: ReadonlyMap<string, Distribution['bins']> = new Map(),
  /** Those worked out already, by attribute: several segmentations go by the same ones. */
  seen: Map<Attribute, Distribution> = new Map(),
): Promise<Distribution[]> {
  const keys = new Set(
    [...references(definition)].flatMap((one) =>
      one.kind === 'attribute' && one.owner === definition.subject ? [one.key] : [],
    ),
  );
  const distributions: Distribution[] = [];
  for (const key of keys) {
    const attribute = scene.index.get(definition.subject, key);
    if (attribute === undefined || attribute.sensitivity === 'sensitive' || attribute.type === 'multi')
      continue;
    const found = seen.get(attribute) ?? (await readOne(db, scene, attribute, given.get(key)));
    seen.set(attribute, found);
    distributions.push(found);
  }
  return distributions;
}

async function readOne(
  db: Queryable,
  scene: ReviewScene,
  attribute: Attribute,
  given: Distribution['bins'] | undefined,
): Promise<Distribution> {
  const bins = given ?? (await readBins(db, scene, attribute));
  const counts = await readCounts(db, scene, attribute, bins);
  return { attribute: attribute.key, name: attribute.name, bins, counts };
}

async function readBins(
  db: Queryable,
  { tenant, asOf }: ReviewScene,
  { owner, key, type }: Attribute,
): Promise<Distribution['bins']> {
  const number = NUMBER[type]?.(quoted(key));
  const table = `${tenant.schema}.${owner}`;
  if (number === undefined) {
    const { rows } = await db.query<{ value: string }>(
      `select ${quoted(key)}::text as value from ${table} where ${quoted(key)} is not null
       group by 1 order by count(*) desc, 1 limit ${VALUES}`,
    );
    return { values: rows.map(({ value }) => value) };
  }
  const { rows } = await db.query<{ edges: number[] | null }>(
    `select percentile_cont(array[.1, .2, .3, .4, .5, .6, .7, .8, .9]) within group (order by ${number}) as edges
     from ${table} where $1::timestamptz is not null`,
    [asOf],
  );
  return { edges: [...new Set((rows[0]?.edges ?? []).map(Number))] };
}

/** One count per bin, then the others (of values), then the unknown. */
async function readCounts(
  db: Queryable,
  { tenant, asOf }: ReviewScene,
  { owner, key, type }: Attribute,
  bins: Distribution['bins'],
): Promise<number[]> {
  const column = quoted(key);
  const table = `${tenant.schema}.${owner}`;
  if ('values' in bins) {
    const { rows } = await db.query<{ bin: number | null; n: number }>(
      `select case when ${column} is null then -1 else coalesce(array_position($1::text[], ${column}::text), 0) end as bin,
         count(*)::int as n from ${table} group by 1`,
      [bins.values],
    );
    const read = (bin: number): number => rows.find((row) => row.bin === bin)?.n ?? 0;
    return [...bins.values.map((_, i) => read(i + 1)), read(0), read(-1)];
  }
  // Counted from above with the signs turned, as width_bucket puts a value on an edge above it.
  const edges = bins.edges.map((edge) => -edge).reverse();
  const number = NUMBER[type]?.(column) ?? 'null::double precision';
  const { rows } = await db.query<{ bin: number | null; n: number }>(
    `select case when cardinality($2::double precision[]) = 0 then 0 * (${number})
         else cardinality($2::double precision[]) - width_bucket(-(${number}), $2::double precision[]) end::int as bin,
       count(*)::int as n from ${table} where $1::timestamptz is not null group by 1`,
    [asOf, edges],
  );
  const read = (bin: number | null): number => rows.find((row) => row.bin === bin)?.n ?? 0;
  return [...Array.from({ length: bins.edges.length + 1 }, (_, i) => read(i)), read(null)];
}

type Reference = Distribution & { since: Date };

/**
 * What each attribute is compared with: the last review before `from`, else the first run that labelled by the version
 * in force, else the oldest review since.
 */
async function readReferences(
  db: Queryable,
  { tenant, asOf }: ReviewScene,
  row: SegmentationRow,
  from: Date,
): Promise<Reference[]> {
  const review = await referenceReview(db, tenant, row.key, { from, to: asOf });
  const baseline = await findBaseline(db, tenant, row);
  const first = baseline !== null && baseline.at < asOf ? [baseline] : [];
  const sources = review === null ? first : review.at <= from ? [review, ...first] : [...first, review];
  const references = new Map<string, Reference>();
  for (const { at, distributions } of sources) {
    for (const one of z.array(Distribution).parse(distributions))
      if (!references.has(one.attribute)) references.set(one.attribute, { ...one, since: at });
  }
  return [...references.values()];
}

/** Drift of the attributes since they were last looked at; largest first. */
export async function readAttributeDrift(
  db: Queryable,
  scene: ReviewScene,
  row: SegmentationRow,
  from: Date,
): Promise<AttributeDrift[]> {
  const then = await readReferences(db, scene, row, from);
  if (then.length === 0) return [];
  const bins = new Map(then.map((one) => [one.attribute, one.bins]));
  const now = await readDistributions(db, scene, row, bins);
  const drifts = then.flatMap(({ attribute, name, counts, since }) => {
    const present = now.find((one) => one.attribute === attribute)?.counts;
    const hasBoth = present !== undefined && [counts, present].every((side) => side.some((n) => n > 0));
    return hasBoth ? [{ attribute, name, since, ...populationStability(counts, present) }] : [];
  });
  const adjusted = adjustPValues(
    drifts.map(({ pValue }) => pValue),
    'benjamini_hochberg',
  );
  return drifts.map((drift, i) => ({ ...drift, adjusted: adjusted[i] ?? 1 })).sort((x, y) => y.psi - x.psi);
}
