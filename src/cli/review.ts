import type { Command } from 'commander';
import pc from 'picocolors';
import { type Review, reviewAll, reviewSegmentation } from '../pipeline/review/review.ts';
import type { CriterionName, Verdict } from '../review/criteria.ts';
import { CRITERIA } from '../review/criteria.ts';
import { table } from './output.ts';
import { parseInstant } from './run.ts';
import { type CommonOptions, withSession } from './session.ts';

type ReviewFlags = CommonOptions & { asOf?: string };

const MARKS: Record<Verdict, string> = {
  yes: pc.green('yes'),
  partly: pc.yellow('partly'),
  no: pc.red('no'),
  unknown: '?',
};

export function registerReview(program: Command): void {
  program
    .command('review')
    .argument('[key]', 'which segmentation; all that are published if left out')
    .description('Is it a good segmentation? Known mistakes with what to do, and five criteria.')
    .option('--as-of <date>', 'as of this instant; now if left out')
    .addHelpText('after', '\nExample: npm run -s cli -- review shop')
    .action(async (key: string | undefined, flags: ReviewFlags, command: Command) => {
      await withSession(command.optsWithGlobals(), async ({ app, tenant, output }) => {
        const { pool } = app.store;
        const asOf = parseInstant(flags.asOf);
        const reviews =
          key === undefined
            ? await reviewAll(pool, tenant, asOf)
            : [await reviewSegmentation(pool, tenant, key, asOf)];
        if (reviews.length === 0) output.line('No segmentation is published yet.');
        for (const review of reviews) for (const line of describeReview(review)) output.line(line);
        output.result({ reviews });
      });
    });
}

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
