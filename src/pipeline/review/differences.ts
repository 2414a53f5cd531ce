import type { Attribute } from '../../model/attribute.ts';
import {
  type Moments,
  NO_MOMENTS,
  standardisedDifference,
  together,
  withoutPart,
} from '../../review/difference.ts';
import { type Difference, MIN_GROUP } from '../../review/facts.ts';
import type { Segmentation } from '../../segmentation/definition.ts';
import { references } from '../../segmentation/references.ts';
import { quoted } from '../../store/identifier.ts';
import type { Queryable } from '../../store/pool.ts';
import { idRanges } from './ranges.ts';
import { inChunks, labelsSql, type ReviewScene } from './scene.ts';

const KINDS = new Set(['value', 'behavioural', 'needs', 'lifecycle', 'demographic', 'firmographic']);
const AT_ONCE = 10;

/** Attributes as numbers: dates as days, yes and no as 1 and 0. */
const AS_NUMBER: Partial<Record<Attribute['type'], (column: string) => string>> = {
  number: (column) => column,
  money: (column) => `${column}::double precision`,
  boolean: (column) => `${column}::int::double precision`,
  date: (column) => `(${column} - date '2000-01-01')::double precision`,
  datetime: (column) => `(extract(epoch from ${column}) / 86400)::double precision`,
};

/** How the members of each segment differ most from all others, in an attribute that the definition does not go by. */
export async function readDifferences(
  db: Queryable,
  scene: ReviewScene,
  definition: Segmentation,
): Promise<Map<string, Difference>> {
  const found = new Map<string, Difference>();
  for (const { attribute, all, segments } of await readMoments(db, scene, definition)) {
    for (const [segment, members] of segments) {
      const others = withoutPart(all, members);
      if (members.n < MIN_GROUP || others.n < MIN_GROUP) continue;
      const standardised = standardisedDifference(members, others);
      if (standardised === null) continue;
      const best = found.get(segment);
      if (best !== undefined && Math.abs(best.standardised) >= Math.abs(standardised)) continue;
      const { key, name } = attribute;
      found.set(segment, { attribute: key, name, members: members.mean, others: others.mean, standardised });
    }
  }
  return found;
}

type AttributeMoments = { attribute: Attribute; all: Moments; segments: Map<string, Moments> };

function readMoments(
  db: Queryable,
  scene: ReviewScene,
  definition: Segmentation,
): Promise<AttributeMoments[]> {
  const { subject } = definition;
  const used = new Set(
    [...references(definition)].flatMap((one) =>
      one.kind === 'attribute' && one.owner === subject ? [one.key] : [],
    ),
  );
  const compared = scene.attributes.filter(
    ({ owner, key, kind, type, sensitivity }) =>
      owner === subject && KINDS.has(kind) && type in AS_NUMBER && sensitivity === 'normal' && !used.has(key),
  );
  return inChunks(compared, AT_ONCE, (attributes) => momentsOf(db, scene, definition, attributes));
}

async function momentsOf(
  db: Queryable,
  { tenant }: ReviewScene,
  definition: Segmentation,
  attributes: Attribute[],
): Promise<AttributeMoments[]> {
  const { subject } = definition;
  const values = attributes.map(
    ({ key, type }, i) => `${AS_NUMBER[type]?.(`s.${quoted(key)}`) ?? 'null'} as x${i}`,
  );
  const moments = attributes.map(
    (_, i) => `count(x${i})::int as n${i}, avg(x${i}) as m${i}, var_pop(x${i}) as v${i}`,
  );
  const sql = `with s as materialized (
      select ${labelsSql(definition)} as labels, ${values.join(', ')} from ${tenant.schema}.${subject} s
      where s.id between $1 and $2
    )
    select null as segment, ${moments.join(', ')} from s
    union all
    select l.segment, ${moments.join(', ')} from s cross join lateral unnest(s.labels) l (segment) group by 1`;
  const found = attributes.map(
    (attribute): AttributeMoments => ({ attribute, all: NO_MOMENTS, segments: new Map() }),
  );
  for await (const { from, to } of idRanges(db, tenant, subject)) {
    const { rows } = await db.query<Record<string, unknown>>(sql, [from, to]);
    for (const row of rows) for (const [i, one] of found.entries()) addMoments(one, row, i);
  }
  return found;
}

function addMoments(found: AttributeMoments, row: Record<string, unknown>, i: number): void {
  const n = Number(row[`n${i}`] ?? 0);
  if (n === 0) return;
  const more = { n, mean: Number(row[`m${i}`]), variance: Number(row[`v${i}`]) };
  const { segment } = row;
  if (typeof segment !== 'string') found.all = together(found.all, more);
  else found.segments.set(segment, together(found.segments.get(segment) ?? NO_MOMENTS, more));
}
