import type { Command } from 'commander';
import { type Explained, explainSubject, findSubject } from '../pipeline/explain.ts';
import pc from './colours.ts';
import { parseInstant } from './instant.ts';
import { type CommonOptions, withSession } from './session.ts';

type ExplainFlags = CommonOptions & { asOf?: string; asRep?: boolean; all?: boolean };

export function registerExplain(program: Command): void {
  program
    .command('explain')
    .argument('<who>', 'an e-mail address, a company’s domain, or person:ID')
    .description('Why somebody holds their labels, since when, and what would change them.')
    .option('--as-rep', 'with only what sales reps may see')
    .option('--all', 'segments that do not hold, too')
    .option('--as-of <date>', 'as of this instant; now if left out')
    .addHelpText('after', '\nExample: npm run -s cli -- explain ada@example.com --all')
    .action(async (who: string, flags: ExplainFlags, command: Command) => {
      await withSession(command.optsWithGlobals(), async ({ app, tenant, output }) => {
        const { pool } = app.store;
        const found = await findSubject(pool, tenant, who);
        const explained = await explainSubject(pool, tenant, {
          ...found,
          asOf: parseInstant(flags.asOf),
          audience: flags.asRep ? 'rep' : 'admin',
        });
        for (const line of describeExplained(explained, who, flags.all ?? false)) output.line(line);
        output.result(explained);
      });
    });
}

/** Lines for people: each label with its reason; with `all` the other segments too. */
export function describeExplained(explained: Explained, who: string, all: boolean): string[] {
  const lines = [pc.bold(`${who} (${explained.subject} ${explained.id})`)];
  if (explained.segmentations.length === 0) lines.push('  No segmentation is published for them yet.');
  for (const segmentation of explained.segmentations) {
    const shown = segmentation.segments.filter(({ isLabel }) => all || isLabel);
    lines.push(
      `  ${segmentation.name}: ${segmentation.labels.length > 0 ? segmentation.labels.join(', ') : 'no label'}`,
    );
    for (const segment of shown) {
      const mark = segment.isLabel ? pc.green('●') : '○';
      const since = segment.since ? `, since ${segment.since.toISOString().slice(0, 10)}` : '';
      lines.push(`    ${mark} ${segment.name}${since}`);
      for (const sentence of segment.sentences) lines.push(`        ${sentence}`);
      for (const change of segment.wouldChange) lines.push(pc.dim(`        ${change}`));
    }
  }
  return lines;
}
