import type { SuggestionFacts } from '../../review/suggestions.ts';
import type { Segmentation } from '../../segmentation/definition.ts';
import { quoted } from '../../store/identifier.ts';
import type { Queryable } from '../../store/pool.ts';
import { labelsSql, type ReviewScene } from './scene.ts';

/** Fixed cut points of tiers on an attribute: how many reach them, and where an even split would lie. */
export async function readCutPoints(
  db: Queryable,
  { tenant, index }: ReviewScene,
  definition: Segmentation,
): Promise<SuggestionFacts['cutPoints']> {
  if (definition.method !== 'tiers' || typeof definition.of !== 'string') return [];
  const { of, subject, segments } = definition;
  const type = index.get(subject, of)?.type;
  if (type !== 'number' && type !== 'money') return [];
  const cuts = segments.flatMap(({ key, atLeast }, i) =>
    atLeast === undefined ? [] : [{ segment: key, atLeast, rank: 1 - (i + 1) / segments.length }],
  );
  if (cuts.length === 0) return [];
  const value = `s.${quoted(of)}::double precision`;
  const counts = cuts.map(
    ({ atLeast, rank }, i) =>
      `count(*) filter (where ${value} >= ${atLeast})::int as n${i},
       percentile_disc(${rank}::double precision) within group (order by ${value}) as even${i}`,
  );
  const { rows } = await db.query<Record<string, number | null>>(
    `select count(*)::int as total, ${counts.join(', ')} from ${tenant.schema}.${subject} s
     where ${labelsSql(definition)} <> '{}' and ${quoted(of)} is not null`,
  );
  const row = rows[0] ?? {};
  const total = row.total ?? 0;
  return cuts.flatMap(({ segment, atLeast }, i) => {
    const even = row[`even${i}`];
    return total === 0 || even == null
      ? []
      : [{ segment, atLeast, share: (row[`n${i}`] ?? 0) / total, even }];
  });
}
