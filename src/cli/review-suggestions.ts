import type { Command } from 'commander';
import { decideSuggestion, finishReview } from '../pipeline/review/decide.ts';
import { prepareReport, type Report, readReport } from '../pipeline/review/report.ts';
import pc from './colours.ts';
import { parseInstant } from './instant.ts';
import { type CommonOptions, withSession } from './session.ts';

type DecideFlags = CommonOptions & { asOf?: string; by: string; note?: string };

const DECISIONS = [
  {
    name: 'accept',
    decision: 'accepted',
    says: 'Accept a suggestion: noted with your name; you publish the change.',
  },
  {
    name: 'dismiss',
    decision: 'dismissed',
    says: 'Dismiss a suggestion: it is not shown again for this version.',
  },
] as const;

/** What to change, who decided what, and the report of the review date. */
export function addSuggestions(review: Command): void {
  review
    .command('suggestions')
    .argument('<key>', 'which segmentation')
    .description('What to merge, split, retire, refit or cut elsewhere, and what speaks for it.')
    .action(async (key: string, _flags: CommonOptions, command: Command) => {
      const flags = command.optsWithGlobals<DecideFlags>();
      await withSession(flags, async ({ app, tenant, output }) => {
        const report = await readReport(app.store.pool, tenant, key, parseInstant(flags.asOf));
        for (const line of describeSuggestions(report)) output.line(line);
        output.result({ suggestions: report.suggestions, decisions: report.decisions });
      });
    });

  review
    .command('prepare')
    .argument('<key>', 'which segmentation')
    .description('Prepare the report now, and keep it: the next one tells what drifted since.')
    .action(async (key: string, _flags: CommonOptions, command: Command) => {
      const flags = command.optsWithGlobals<DecideFlags>();
      await withSession(flags, async ({ app, tenant, output }) => {
        const report = await prepareReport(app.store.pool, tenant, key, parseInstant(flags.asOf));
        output.line('The report is kept. Look at it, then run `review done`.');
        for (const line of describeSuggestions(report)) output.line(line);
        output.result(report);
      });
    });

  for (const { name, decision, says } of DECISIONS) {
    review
      .command(name)
      .argument('<key>', 'which segmentation')
      .argument('<suggestion>', 'its id, as `review suggestions` shows it')
      .description(says)
      .requiredOption('--by <name>', 'who decides')
      .option('--note <text>', 'why')
      .action(async (key: string, id: string, _flags: DecideFlags, command: Command) => {
        const flags = command.optsWithGlobals<DecideFlags>();
        await withSession(flags, async ({ app, tenant, output }) => {
          const { by, note } = flags;
          const given = { segmentation: key, id, decision, by, note, asOf: parseInstant(flags.asOf) };
          const suggestion = await decideSuggestion(app.store.pool, tenant, given);
          output.line(`${suggestion.id} is ${decision} by ${by}.`);
          output.result({ decision, by, suggestion });
        });
      });
  }

  review
    .command('done')
    .argument('<key>', 'which segmentation')
    .description('Say that you looked at the report; the next one is due a rhythm later.')
    .requiredOption('--by <name>', 'who looked')
    .action(async (key: string, _flags: DecideFlags, command: Command) => {
      const flags = command.optsWithGlobals<DecideFlags>();
      await withSession(flags, async ({ app, tenant, output }) => {
        const given = { segmentation: key, by: flags.by, at: parseInstant(flags.asOf) };
        const reports = await finishReview(app.store.pool, tenant, given);
        output.line(`${reports} report(s) on ${key} are done.`);
        output.result({ segmentation: key, by: flags.by, reports });
      });
    });
}

function describeSuggestions({ suggestions, decisions }: Report): string[] {
  const lines = suggestions.length === 0 ? ['Nothing speaks for a change.'] : [];
  for (const { id, evidence, action } of suggestions)
    lines.push(pc.bold(id), ...evidence.map((sentence) => `  ${sentence}`), `  ${action}`);
  for (const { suggestion, decision, by, at, note } of decisions)
    lines.push(
      pc.dim(
        `${suggestion.id}: ${decision} by ${by}, ${at.toISOString().slice(0, 10)}${note ? `: ${note}` : ''}`,
      ),
    );
  return lines;
}
