import type { Bindings } from '../bindings.ts';
import type { FeatureColumn } from './features.ts';
import { float } from './purchase-table.ts';
import type { CardAttribute } from './scorecard-definition.ts';

type Bin = CardAttribute['bins'][number];
type Case = { when: string; points: number };

/** The points of one attribute's value; 0 where the value was never seen. */
export function attributeSql(
  { option, bins }: CardAttribute,
  column: FeatureColumn | undefined,
  bindings: Bindings,
): string {
  if (column === undefined) throw new Error('the card names a feature that the definition has not');
  if (column.kind === 'category') return categorySql(bins, column.sql, bindings);
  if (column.kind === 'number' && isLadder(bins)) return ladderSql(bins, column.sql);
  const cases = bins.map((bin) => ({ when: binSql(bin.test, option, column, bindings), points: bin.points }));
  return caseSql(cases, 0);
}

/** Options of the same points are looked for in one list, and those of everybody else's points not at all. */
function categorySql(bins: readonly Bin[], sql: string, bindings: Bindings): string {
  const others = pointsOf(bins, 'other');
  const unknown = pointsOf(bins, 'unknown');
  const byPoints = new Map<number, string[]>();
  for (const { test, points } of bins) {
    if (test.kind !== 'options' || points === others) continue;
    byPoints.set(points, [...(byPoints.get(points) ?? []), ...test.options]);
  }
  const cases = [...byPoints].map(([points, options]) => ({
    when: `${sql} = any(${bindings.bind(options, 'text[]')})`,
    points,
  }));
  if (unknown !== others) cases.push({ when: `${sql} is null`, points: unknown });
  return caseSql(cases, others);
}

/** Ranges that follow on one another: each is asked for its upper end alone, and neighbours of the same points once. */
function ladderSql(bins: readonly Bin[], sql: string): string {
  const unknown = pointsOf(bins, 'unknown');
  const rungs = rangesOf(bins);
  const cases = rungs.flatMap(({ atMost, points }, i): Case[] => {
    if (points === rungs[i + 1]?.points) return [];
    if (atMost !== null) return [{ when: `${sql} <= ${float(atMost)}`, points }];
    return points === unknown ? [] : [{ when: `${sql} is not null`, points }];
  });
  return caseSql(cases, unknown);
}

/** Do the ranges cover all numbers, from the lowest up? */
function isLadder(bins: readonly Bin[]): boolean {
  const rungs = rangesOf(bins);
  return (
    rungs.length > 0 &&
    bins.every(({ test }) => test.kind === 'range' || test.kind === 'unknown') &&
    rungs.every(({ above }, i) => above === (rungs[i - 1]?.atMost ?? null)) &&
    rungs.every(({ atMost }, i) => (atMost === null) === (i === rungs.length - 1))
  );
}

function rangesOf(bins: readonly Bin[]): { above: number | null; atMost: number | null; points: number }[] {
  return bins.flatMap(({ test, points }) => (test.kind === 'range' ? [{ ...test, points }] : []));
}

const pointsOf = (bins: readonly Bin[], kind: 'other' | 'unknown'): number =>
  bins.find(({ test }) => test.kind === kind)?.points ?? 0;

function caseSql(cases: readonly Case[], otherwise: number): string {
  if (cases.length === 0) return String(otherwise);
  return `case ${cases.map(({ when, points }) => `when ${when} then ${points}`).join(' ')} else ${otherwise} end`;
}

function binSql(
  test: Bin['test'],
  option: string | undefined,
  { sql, kind }: FeatureColumn,
  bindings: Bindings,
): string {
  switch (test.kind) {
    case 'unknown':
      return `${sql} is null`;
    case 'range': {
      const parts = [
        ...(test.above === null ? [] : [`${sql} > ${float(test.above)}`]),
        ...(test.atMost === null ? [] : [`${sql} <= ${float(test.atMost)}`]),
      ];
      return parts.length === 0 ? `${sql} is not null` : parts.join(' and ');
    }
    case 'options': {
      const options = bindings.bind(test.options, 'text[]');
      return kind === 'multi' ? `${sql} && ${options}` : `${sql} = any(${options})`;
    }
    case 'other':
      return kind === 'multi' && option !== undefined
        ? `not ${bindings.bind(option, 'text')} = any(${sql})`
        : `${sql} is not null`;
  }
}
