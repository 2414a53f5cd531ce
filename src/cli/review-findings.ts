import type { Review } from '../pipeline/review/review.ts';
import { CRITERIA, type CriterionName, type Verdict } from '../review/criteria.ts';
import pc from './colours.ts';
import { table } from './output.ts';

const MARKS: Record<Verdict, string> = {
  yes: pc.green('yes'),
  partly: pc.yellow('partly'),
  no: pc.red('no'),
  unknown: '?',
};

/** Lines for people: what is wrong and what to do, then a table of the criteria with the weak ones explained. */
export function describeReview({ name, segmentation, checks, segments, subjects }: Review): string[] {
  const lines = [pc.bold(`${name} (${segmentation}), ${subjects} in the store`)];
  for (const check of checks) {
    lines.push(
      `  ${check.made ? pc.red('✗') : pc.green('✓')} ${check.title}${check.made ? '' : ': not found'}`,
    );
    for (const sentence of check.evidence) lines.push(`      ${sentence}`);
    if (check.action !== null) lines.push(pc.dim(`      ${check.action}`));
  }
  const verdict = (criteria: Review['segments'][number]['criteria'], wanted: CriterionName): string =>
    MARKS[criteria.find(({ criterion }) => criterion === wanted)?.verdict ?? 'unknown'];
  const rows = segments.map(({ segment, criteria }) => [
    segment,
    ...CRITERIA.map((criterion) => verdict(criteria, criterion)),
  ]);
  lines.push('', table(['segment', ...CRITERIA], rows), '');
  return lines;
}
