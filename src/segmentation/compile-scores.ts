import type { CutPoint, Operand } from './compile-comparison.ts';
import { compileDealMeasure, type Scope } from './compile-condition.ts';
import type { Measure, RfmSegmentation, TiersSegment, TiersSegmentation } from './definition.ts';
import type { Model, RfmModel } from './model.ts';
import { daysBefore } from './window.ts';

/** A number or date of the subject, from a column, from its deals, or a score of another segmentation. */
export function compileMeasure(measure: Measure, scope: Scope): Operand {
  if (typeof measure === 'string') return scope.base.own(measure);
  if ('score' in measure) return { sql: scope.score(measure.score), type: 'number' };
  return compileDealMeasure(measure.deals, scope);
}

/** The scores that RFM gives, by name. */
export const rfmScores = ['recency', 'frequency', 'monetary'] as const;

/**
 * The three scores, 1 to 5. A score is 1 + the cut points exceeded, recency (in whole local days) from the other
 * end. Who never bought has none of them.
 */
export function compileRfmScores(
  definition: RfmSegmentation,
  cutPoints: RfmModel['cutPoints'],
  scope: Scope,
): Record<(typeof rfmScores)[number], string> {
  const recency = compileMeasure(definition.recency, scope);
  const frequency = compileMeasure(definition.frequency, scope);
  const monetary = compileMeasure(definition.monetary, scope);
  // A case is taken only where its test is true: an unknown date or count gives no score.
  const ifBought = (score: string): string =>
    `case when ${frequency.sql} > 0 and ${recency.sql} is not null then case ${score} end end`;
  return {
    recency: ifBought(recencySteps(recency, cutPoints.recency, scope)),
    frequency: ifBought(steps(frequency, cutPoints.frequency, scope)),
    monetary: ifBought(
      `when ${monetary.sql} is null then null ${steps(monetary, cutPoints.monetary, scope)}`,
    ),
  };
}

/** The best score first: more recent than the first cut point, which is in days. */
function recencySteps({ sql, type }: Operand, cuts: readonly number[], scope: Scope): string {
  const tests = cuts.map((cut, i) => {
    // days <= cut means: not before the start of the day that many whole days ago
    const first = daysBefore(Math.floor(cut), scope.calendar);
    const bound =
      type === 'date'
        ? scope.base.bindings.bind(first.toISODate() ?? '', 'date')
        : scope.base.bindings.bind(first.toJSDate().toISOString(), 'timestamptz');
    return `when ${sql} >= ${bound} then ${cuts.length + 1 - i}`;
  });
  return `${tests.join(' ')} else 1`;
}

function steps({ sql, type }: Operand, cuts: readonly number[], scope: Scope): string {
  const cast = type === 'money' ? 'numeric' : 'double precision';
  const tests = cuts
    .map(
      (cut, i) =>
        `when ${sql} > ${scope.base.bindings.bind(type === 'money' ? String(cut) : cut, cast)} then ${i + 2}`,
    )
    .reverse();
  return `${tests.join(' ')} else 1`;
}

/** Segment conditions over the score columns, in the order of the map. */
export function compileRfmAreas(definition: RfmSegmentation, scope: Scope): string[] {
  const column = (name: string): string => scope.score(`${definition.key}.${name}`);
  const within = (sql: string, range: readonly [number, number] | undefined): string[] =>
    range === undefined
      ? []
      : [range[0] === range[1] ? `${sql} = ${range[0]}` : `${sql} between ${range[0]} and ${range[1]}`];
  return definition.segments.map((segment) => {
    const areas = segment.areas.map((area) => {
      const parts = [
        ...within(column('recency'), area.r),
        ...within(column('frequency'), area.f),
        ...within(column('monetary'), area.m),
        ...within(`(${column('frequency')} + ${column('monetary')}) / 2.0`, area.fm),
      ];
      return parts.length === 0 ? `${column('recency')} is not null` : parts.join(' and ');
    });
    return areas.length === 1 ? `(${areas[0]})` : `(${areas.map((area) => `(${area})`).join(' or ')})`;
  });
}

/** Tiers from the top down; each holds where the value reaches its cut point, the open last one where it is known. */
export function compileTiers(
  definition: TiersSegmentation,
  model: Model | null,
  scope: Scope,
  among: string | null,
): string[] {
  const cutPoints = model?.method === 'tiers' ? model.cutPoints : null;
  return tierConditions(definition.segments, cutPoints, compileMeasure(definition.of, scope), scope, among);
}

/** @param cutPoints learned ones of tiers given as a percentage; null where nothing was learned */
export function tierConditions(
  tiers: readonly TiersSegment[],
  cutPoints: Readonly<Record<string, CutPoint>> | null,
  { sql, type }: Pick<Operand, 'sql' | 'type'>,
  scope: Scope,
  among: string | null,
): string[] {
  const cast = type === 'money' ? 'numeric' : 'double precision';
  const and = among === null ? '' : ` and ${among}`;
  return tiers.map((tier) => {
    if (tier.topPercent !== undefined && cutPoints === null)
      throw new Error(`the model has no cut point for tier ${tier.key}`);
    const cut = tier.atLeast ?? (tier.topPercent === undefined ? undefined : (cutPoints?.[tier.key] ?? null));
    if (cut === undefined) return `(${sql} is not null${and})`;
    if (cut === null) return 'false';
    return `(${sql} >= ${scope.base.bindings.bind(type === 'money' ? String(cut) : cut, cast)}${and})`;
  });
}
