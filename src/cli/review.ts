import type { Command } from 'commander';
import { readHistory } from '../pipeline/review/history.ts';
import { readMetrics } from '../pipeline/review/metrics.ts';
import { readOverlap } from '../pipeline/review/overlap.ts';
import { readQuality } from '../pipeline/review/quality.ts';
import { reviewAll, reviewSegmentation } from '../pipeline/review/review.ts';
import type { Pool } from '../store/pool.ts';
import type { Tenant } from '../store/tenant.ts';
import { parseInstant } from './instant.ts';
import { describeReview } from './review-findings.ts';
import { describeHistory } from './review-history.ts';
import { describeMetrics } from './review-metrics.ts';
import { describeOverlap } from './review-overlap.ts';
import { describeQuality } from './review-quality.ts';
import { addSuggestions } from './review-suggestions.ts';
import { type CommonOptions, withSession } from './session.ts';

type ReviewFlags = CommonOptions & { asOf?: string; from?: string };

export function registerReview(program: Command): void {
  const review = program
    .command('review')
    .argument('[key]', 'which segmentation; all that are published if left out')
    .description('Is it a good segmentation? Known mistakes with what to do, and five criteria.')
    .option('--as-of <date>', 'as of this instant; now if left out')
    .option('--from <date>', 'for history (90 days) and metrics (a year): from this instant on')
    .addHelpText(
      'after',
      '\nExamples:\n  npm run -s cli -- review shop\n  npm run -s cli -- review history shop --from 2026-01-01',
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
        for (const one of reviews) for (const line of describeReview(one)) output.line(line);
        output.result({ reviews });
      });
    });
  for (const view of VIEWS) addView(review, view);
  addSuggestions(review);
}

type Asked = { pool: Pool; tenant: Tenant; key: string; from: Date | undefined; to: Date };
type Shown = { lines: string[]; result: unknown };
type View = { name: string; says: string; show(asked: Asked): Promise<Shown> };

const VIEWS: View[] = [
  {
    name: 'quality',
    says: 'How good its data is, what it loses by it, and what to mend first.',
    show: async ({ pool, tenant, key, to }) => {
      const result = await readQuality(pool, tenant, to, key);
      return { lines: describeQuality(result), result };
    },
  },
  {
    name: 'overlap',
    says: 'How far segments share their members, and who is in none.',
    show: async ({ pool, tenant, key, to }) => {
      const result = await readOverlap(pool, tenant, key, to);
      return { lines: describeOverlap(result, tenant.currency), result };
    },
  },
  {
    name: 'history',
    says: 'Who came and went between two dates, why, and what drifted.',
    show: async ({ pool, tenant, key, from, to }) => {
      const result = await readHistory(pool, tenant, key, { from, to });
      return { lines: describeHistory(result), result };
    },
  },
  {
    name: 'metrics',
    says: 'What the members of each segment bring in and do, and what plays return.',
    show: async ({ pool, tenant, key, from, to }) => {
      const result = await readMetrics(pool, tenant, key, { from, to });
      return { lines: describeMetrics(result, tenant.currency), result };
    },
  },
];

/** A view of `review` on one segmentation; the options of `review` hold for it. */
function addView(review: Command, { name, says, show }: View): void {
  review
    .command(name)
    .argument('<key>', 'which segmentation')
    .description(says)
    .action(async (key: string, _flags: ReviewFlags, command: Command) => {
      const flags = command.optsWithGlobals<ReviewFlags>();
      await withSession(flags, async ({ app, tenant, output }) => {
        const from = flags.from === undefined ? undefined : parseInstant(flags.from);
        const asked = { pool: app.store.pool, tenant, key, from, to: parseInstant(flags.asOf) };
        const { lines, result } = await show(asked);
        for (const line of lines) output.line(line);
        output.result(result);
      });
    });
}
