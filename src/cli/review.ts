import type { Command } from 'commander';
import { readHistory } from '../pipeline/review/history.ts';
import { readOverlap } from '../pipeline/review/overlap.ts';
import { readQuality } from '../pipeline/review/quality.ts';
import { reviewAll, reviewSegmentation } from '../pipeline/review/review.ts';
import { describeReview } from './review-findings.ts';
import { describeHistory } from './review-history.ts';
import { describeOverlap } from './review-overlap.ts';
import { describeQuality } from './review-quality.ts';
import { parseInstant } from './run.ts';
import { type CommonOptions, type Session, withSession } from './session.ts';

type ReviewFlags = CommonOptions & { asOf?: string; from?: string };

export function registerReview(program: Command): void {
  const review = program
    .command('review')
    .argument('[key]', 'which segmentation; all that are published if left out')
    .description('Is it a good segmentation? Known mistakes with what to do, and five criteria.')
    .option('--as-of <date>', 'as of this instant; now if left out')
    .option('--from <date>', 'for history and metrics: from this instant on')
    .addHelpText(
      'after',
      '\nExamples:\n  npm run -s cli -- review shop\n  npm run -s cli -- review overlap shop --json',
    )
    .action(async (key: string | undefined, _flags: ReviewFlags, command: Command) => {
      const flags = command.optsWithGlobals<ReviewFlags>();
      await withSession(flags, async ({ app, tenant, output }) => {
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

  view(review, 'overlap', 'How far segments share their members, and who is in none.', async (given) => {
    const report = await readOverlap(given.app.store.pool, given.tenant, given.key, given.asOf);
    return { lines: describeOverlap(report, given.tenant.currency), result: report };
  });
  view(
    review,
    'quality',
    'How good its data is, what it loses by it, and what to mend first.',
    async (given) => {
      const report = await readQuality(given.app.store.pool, given.tenant, given.asOf, given.key);
      return { lines: describeQuality(report), result: report };
    },
  );
}

type Given = Session & { key: string; asOf: Date; from: Date | undefined };

/** A view of `review` on one segmentation; the options of `review` hold for it. */
function view(
  review: Command,
  name: string,
  description: string,
  work: (given: Given) => Promise<{ lines: string[]; result: unknown }>,
): void {
  review
    .command(name)
    .argument('<key>', 'which segmentation')
    .description(description)
    .action(async (key: string, _flags: ReviewFlags, command: Command) => {
      const flags = command.optsWithGlobals<ReviewFlags>();
      await withSession(flags, async (session) => {
        const from = flags.from === undefined ? undefined : parseInstant(flags.from);
        const { lines, result } = await work({ ...session, key, asOf: parseInstant(flags.asOf), from });
        for (const line of lines) session.output.line(line);
        session.output.result(result);
      });
    });
}
