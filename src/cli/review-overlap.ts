import { showShare } from '../model/share-words.ts';
import type { OverlapReport, Unserved } from '../pipeline/review/overlap.ts';
import pc from './colours.ts';
import { count, money, table } from './output.ts';

const few = '< 10';
export const countOrFew = (value: number | null): string => (value === null ? few : count(value));
export const percent = (share: number | null): string => (share === null ? '' : showShare(share));

/** Lines for people: coverage, who is in none, the pairs that share members, and which label goes first. */
export function describeOverlap(report: OverlapReport, currency: string): string[] {
  const { name, segmentation, coverage, subjects, unserved, unservedByAll, pairs, priority } = report;
  const lines = [
    pc.bold(`${name} (${segmentation})`),
    `  ${percent(coverage)} of ${count(subjects)} hold a label of it.`,
    `  In none of it: ${describeUnserved(unserved, currency)}`,
    `  In none of all: ${describeUnserved(unservedByAll, currency)}`,
  ];
  const told = pairs.filter(({ both }) => both !== null);
  if (told.length > 0) {
    const rows = told.map(({ a, b, sizeA, sizeB, both, jaccard, containment, flagged }) => [
      a,
      b,
      count(sizeA),
      count(sizeB),
      countOrFew(both),
      jaccard === null ? '' : jaccard.toFixed(2),
      containment === null ? '' : containment.toFixed(2),
      flagged ? pc.yellow('much alike') : '',
    ]);
    lines.push('', table(['segment', 'and', 'size', 'size', 'both', 'Jaccard', 'containment', ''], rows));
  }
  if (told.length < pairs.length)
    lines.push(`  ${pairs.length - told.length} more pairs share fewer than 10.`);
  if (priority.length > 0) {
    const rows = priority.map(({ segment, held, first, yieldsTo }) => [
      segment,
      count(held),
      count(first),
      yieldsTo.map((other) => `${other.segment} (${count(other.count)})`).join(', '),
    ]);
    lines.push('', table(['segment', 'held', 'comes first', 'gives way to'], rows));
  }
  return [...lines, ''];
}

function describeUnserved({ size, share, revenue, buyers, reachable }: Unserved, currency: string): string {
  const spent = revenue === null ? 'revenue of fewer than 10' : money(revenue, currency);
  return `${count(size)} (${percent(share)}), ${countOrFew(buyers)} of them bought (${spent}), ${countOrFew(reachable)} may be reached.`;
}
