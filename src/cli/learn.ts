import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { stringify } from 'csv-stringify';
import { z } from 'zod';
import { InputError, toAppError } from '../errors.ts';
import { learnFile } from '../segmentation/statistics/learn-file.ts';
import { LearnOptions, parseLearnOptions } from '../segmentation/statistics/learn-options.ts';
import type { LearnedScores, LearnOutput } from '../segmentation/statistics/learn-output.ts';
import { readRows } from './learn-rows.ts';

const DAY = 86_400_000;

const FileOptions = z.object({
  input: z.string('is needed: the CSV file to learn from'),
  scores: z.string().optional(),
  json: z.boolean().default(false),
});

/**
 * `segment-sync learn METHOD --input FILE.csv`: learns one method from a file, without a database, and prints the
 * result (`--json`: as one JSON object). Returns the exit code: 0, or 1 with `{ error: { code, message, action } }`.
 */
export async function learnCommand(given: Record<string, unknown>): Promise<number> {
  const isJson = given.json === true;
  try {
    const file = parseFileOptions(given);
    const options = { ...parseLearnOptions(given), today: Math.floor(Date.now() / DAY) };
    const rows = await readRows(file.input);
    const { output, scores } = learnFile(rows, options);
    if (file.scores !== undefined) await writeScores(file.scores, scores);
    process.stdout.write(isJson ? `${JSON.stringify(output, null, 2)}\n` : describe(output));
    return 0;
  } catch (error) {
    const { code, message, action } = toAppError(error);
    if (isJson) process.stdout.write(`${JSON.stringify({ error: { code, message, action } }, null, 2)}\n`);
    else process.stderr.write(`${message}\n${action}\n`);
    return 1;
  }
}

/** Adds `learn` to the command line; the texts of the options are those of their schema. */
export function registerLearn(program: Command): void {
  const text = (name: keyof typeof LearnOptions.shape) => LearnOptions.shape[name].description ?? '';
  program
    .command('learn')
    .argument('<method>', `one of ${LearnOptions.shape.method.options.join(', ')}`)
    .description(
      'Learn one method from a CSV file, with no database: check our numbers against your own tool',
    )
    .requiredOption('--input <file>', 'CSV file with a header (needed)')
    .option('--json', 'print the result as JSON')
    .option('--scores <file>', 'write a CSV: customer, then one column per score')
    .option('--customer <column>', text('customer'))
    .option('--date <column>', text('date'))
    .option('--amount <column>', text('amount'))
    .option('--as-of <date>', text('asOf'))
    .option('--calibration-end <date>', text('calibrationEnd'))
    .option('--holdout-end <date>', text('holdoutEnd'))
    .option('--frequency <column>', text('frequency'))
    .option('--recency <column>', text('recency'))
    .option('--t <column>', text('t'))
    .option('--monetary <column>', text('monetary'))
    .option('--columns <list>', text('columns'))
    .option('--k <number or range>', text('k'))
    .option('--scale <how>', text('scale'))
    .option('--target <column>', text('target'))
    .option('--unit <unit>', text('unit'))
    .option('--seed <number>', text('seed'))
    .addHelpText('after', '\nExample: npm run -s cli -- learn rfm --input orders.csv --json')
    .action(async (method: string, options: Record<string, unknown>, command: Command) => {
      // --json is an option of the whole program, too, which sees it first.
      process.exitCode = await learnCommand({ ...command.optsWithGlobals(), ...options, method });
    });
}

function parseFileOptions(given: unknown): z.infer<typeof FileOptions> {
  const parsed = FileOptions.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new InputError(
    'options',
    `Option --${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is wrong'}.`,
    {
      action: 'See segment-sync learn --help.',
    },
  );
}

async function writeScores(path: string, { names, lines }: LearnedScores): Promise<void> {
  const file = await open(path, 'w').catch((cause) => {
    throw new InputError('file-unwritable', `The scores can't be written to ${path}.`, {
      action: 'Check its folder and permissions.',
      cause,
    });
  });
  await pipeline(lines, stringify({ header: true, columns: names }), file.createWriteStream());
}

function describe(output: LearnOutput): string {
  const lines = [`${output.method} from ${output.n} rows`];
  for (const [name, value] of Object.entries(output.parameters ?? {}))
    lines.push(`  ${name} ${value.toPrecision(7)}`);
  if (output.logLikelihood !== undefined) lines.push(`  log-likelihood ${output.logLikelihood.toFixed(4)}`);
  for (const { segment, size, revenue } of output.segments ?? [])
    lines.push(`  ${segment} ${size} customers, ${revenue.toFixed(2)}`);
  if (output.clusters)
    lines.push(
      `  ${output.clusters.k} clusters of ${output.clusters.sizes.join(', ')}, inertia ${output.clusters.inertia}`,
    );
  if (output.holdout)
    lines.push(`  holdout: ${output.holdout.actual} actual, ${output.holdout.expected.toFixed(1)} expected`);
  if (output.auc !== undefined) lines.push(`  AUC on unseen cases ${output.auc.toFixed(3)}`);
  lines.push(...output.warnings.map((warning) => `  note: ${warning}`));
  return `${lines.join('\n')}\n`;
}
