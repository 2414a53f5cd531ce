import type { Reach, SegmentationFacts, SegmentFacts } from '../../review/facts.ts';
import { nameOfAttribute } from '../../segmentation/attribute-names.ts';
import { newBindings } from '../../segmentation/bindings.ts';
import { type Restriction, where } from '../../segmentation/compile-base.ts';
import type { Segmentation } from '../../segmentation/definition.ts';
import { listMappings } from '../../store/mappings.ts';
import { newestModels } from '../../store/models.ts';
import type { Queryable } from '../../store/pool.ts';
import type { SegmentationRow } from '../../store/segmentations.ts';
import { carefulUses } from './careful-uses.ts';
import { readDifferences } from './differences.ts';
import { companyJoin, type Needs, needsOf } from './needs.ts';
import { addUp } from './ranges.ts';
import { reachableSql, reachOf } from './reach.ts';
import { labelsSql, type ReviewScene, revenueSql } from './scene.ts';

/** All that the linter and the criteria look at, of one segmentation. */
export async function readFacts(
  db: Queryable,
  scene: ReviewScene,
  { key, version, definition, publishedAt }: SegmentationRow,
): Promise<SegmentationFacts> {
  const { asOf, tenant } = scene;
  const needs = definition.segments.map((_, i) => needsOf(scene, definition, i));
  const totals = await readTotals(db, scene, definition, needs);
  const groups = await readGroups(db, scene, definition);
  const differences = await readDifferences(db, scene, definition);
  const mappings = await listMappings(db, tenant, { object: 'contact' });
  return {
    definition,
    version,
    asOf,
    publishedAt,
    subjects: totals.subjects,
    revenue: totals.revenue,
    unlabelled: groups.get(null) ?? { size: 0, revenue: 0 },
    segments: definition.segments.map((segment, i): SegmentFacts => {
      const group = groups.get(segment.key);
      const by = reachOf(segment.play?.channel);
      const isFed = reachableSql(scene, definition.subject, by) !== null;
      return {
        segment: segment.key,
        name: segment.name,
        size: group?.size ?? 0,
        revenue: group?.revenue ?? 0,
        needs:
          needs[i]?.needs.map(({ attribute }) =>
            nameOfAttribute(attribute, definition.subject, [attribute]),
          ) ?? [],
        missing: needs[i]?.missing ?? [],
        passedOver: needs[i]?.passedOver ?? [],
        known: totals.known[i] ?? 0,
        reachable: isFed ? { by, count: group?.reachable[by] ?? 0 } : null,
        difference: differences.get(segment.key) ?? null,
      };
    }),
    sensitive: carefulUses(scene, definition, 'sensitive'),
    proxies: carefulUses(scene, definition, 'proxy'),
    optOutKnown: mappings.some(({ attribute }) => attribute === 'email_opted_out'),
    learnedAt: (await newestModels(db, tenant)).get(key)?.asOf ?? null,
    ...(await readPast(db, scene, key)),
  };
}

/** Everybody, and for how many all that each segment goes by is known. */
export async function readTotals(
  db: Queryable,
  scene: ReviewScene,
  { subject }: Segmentation,
  needs: readonly Needs[],
  among: Restriction = 'all',
): Promise<{ subjects: number; revenue: number; known: number[] }> {
  const known = needs.map(({ needs: own }) =>
    own.length === 0 ? 'true' : own.map(({ column }) => `${column} is not null`).join(' and '),
  );
  const bindings = newBindings();
  const restricted = where('s.id', among, bindings);
  const counts = known.map((sql, i) => `, count(*) filter (where ${sql})::int as n${i}`);
  const { rows } = await db.query<Record<string, number | string>>(
    `select count(*)::int as subjects, round(coalesce(sum(${revenueSql(scene, subject)}), 0), 2)::text as revenue
       ${counts.join('')}
     from ${scene.tenant.schema}.${subject} s ${companyJoin(scene, known)}
     ${restricted === '' ? '' : `where ${restricted}`}`,
    bindings.values,
  );
  const row = rows[0] ?? {};
  return {
    subjects: Number(row.subjects ?? 0),
    revenue: Number(row.revenue ?? 0),
    known: known.map((_, i) => Number(row[`n${i}`] ?? 0)),
  };
}

type GroupRow = {
  segment: string | null;
  size: number;
  /** Revenue, exact as a whole number. */
  cents: number;
  email_count: number;
  phone_count: number;
  any_count: number;
};

type Group = { size: number; revenue: number; reachable: Record<Reach, number> };

/** Members, revenue and whom one may reach, by segment; null for those without a label. */
async function readGroups(
  db: Queryable,
  scene: ReviewScene,
  definition: Segmentation,
): Promise<Map<string | null, Group>> {
  const { subject } = definition;
  const reach = (by: Reach): string =>
    `count(*) filter (where ${reachableSql(scene, subject, by) ?? 'false'})::int as ${by}_count`;
  const rows = await addUp(db, scene.tenant, subject, async (range) => {
    const counted = await db.query<GroupRow>(
      `select l.segment, count(*)::int as size,
         round(sum(${revenueSql(scene, subject)}) * 100)::double precision as cents,
         ${reach('email')}, ${reach('phone')}, ${reach('any')}
       from ${scene.tenant.schema}.${subject} s
       left join lateral unnest(${labelsSql(definition)}) l (segment) on true
       where s.id between $1 and $2 group by 1`,
      [range.from, range.to],
    );
    return counted.rows;
  });
  return new Map(
    rows.map(({ segment, size, cents, email_count, phone_count, any_count }) => [
      segment,
      { size, revenue: cents / 100, reachable: { email: email_count, phone: phone_count, any: any_count } },
    ]),
  );
}

async function readPast(
  db: Queryable,
  { tenant: { schema } }: ReviewScene,
  key: string,
): Promise<Pick<SegmentationFacts, 'experiments' | 'reviewedAt' | 'labelledAt'>> {
  const { rows } = await db.query<{
    experiments: number;
    reviewed_at: Date | null;
    labelled_at: Date | null;
  }>(
    `select (select count(*)::int from ${schema}.experiment where segmentation = $1) as experiments,
       (select max(done_at) from ${schema}.review where segmentation = $1) as reviewed_at,
       (select max(as_of) from ${schema}.run where state = 'done' and pins ? $1) as labelled_at`,
    [key],
  );
  const [row] = rows;
  return {
    experiments: row?.experiments ?? 0,
    reviewedAt: row?.reviewed_at ?? null,
    labelledAt: row?.labelled_at ?? null,
  };
}
