import { z } from 'zod';
import { InputError } from '../../errors.ts';

const list = z.preprocess(
  (value) => (typeof value === 'string' ? value.split(',').map((part) => part.trim()) : value),
  z.array(z.string().min(1, 'has a column without a name')).min(1),
);

const day = z
  .string()
  .refine((text) => dayNumber(text) !== undefined, 'is no date such as 1997-09-30')
  .transform((text) => dayNumber(text) ?? 0);

const clusterCount = z.int('is too large');

const range = z.preprocess(
  (value) => {
    if (typeof value === 'number') return { from: value, to: value };
    const match = typeof value === 'string' ? /^(\d+)(?:\.\.(\d+))?$/.exec(value.trim()) : null;
    return match ? { from: Number(match[1]), to: Number(match[2] ?? match[1]) } : value;
  },
  z.object({ from: clusterCount, to: clusterCount }, 'is neither a number nor a range such as 2..8'),
);

const METHODS = ['rfm', 'bg-nbd', 'mbg-nbd', 'pareto-nbd', 'gamma-gamma', 'clusters', 'scorecard'] as const;

/** Options of learning one method from a file of rows. Column names are the file's own. */
export const LearnOptions = z.object({
  method: z.enum(METHODS, `is none of ${METHODS.join(', ')}`),
  customer: z.string().optional().describe('Column that names the customer'),
  date: z.string().optional().describe('Column of the purchase date (scorecard: date of the case)'),
  amount: z.string().optional().describe('Column of the amount'),
  asOf: day
    .optional()
    .describe('Analysis date; later rows are left out (default: the last date of the file)'),
  calibrationEnd: day.optional().describe('Last day to learn from'),
  holdoutEnd: day.optional().describe('Last day to check against (default: the analysis date)'),
  frequency: z.string().optional().describe('Column of repeat purchases, in a file of one row a customer'),
  recency: z
    .string()
    .optional()
    .describe(
      'Column of the time of the last purchase since the first (rfm without --t: time since the last)',
    ),
  t: z.string().optional().describe('Column of the time since the first purchase'),
  monetary: z.string().optional().describe('Column of the mean amount (rfm: of the total)'),
  columns: list
    .optional()
    .describe('Columns to cluster or score by, separated by commas (default: all others)'),
  k: range.default({ from: 2, to: 8 }).describe('Number of clusters, or a range to choose from'),
  scale: z
    .enum(['none', 'standard', 'robust'], 'is none of none, standard, robust')
    .default('none')
    .describe('Scaling of the columns'),
  target: z.string().optional().describe('Column that says won (1, true, yes, won) or lost'),
  unit: z
    .enum(['day', 'week'], 'is neither day nor week')
    .default('week')
    .describe('Unit of time in the parameters'),
  seed: z.coerce
    .number('is no whole number')
    .int('is no whole number')
    .default(1)
    .describe('Seed of everything random'),
});
export type LearnOptions = z.infer<typeof LearnOptions> & {
  /** Days since 1970-01-01; known: purchases after it are told. */
  today?: number;
};

/** Throws InputError `options` naming the first wrong option. */
export function parseLearnOptions(given: unknown): LearnOptions {
  const parsed = LearnOptions.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new InputError(
    'options',
    `${optionName(issue?.path[0])} ${issue?.message ?? 'is wrong'}. Nothing was learned.`,
    {
      action: 'See segment-sync learn --help.',
      cause: parsed.error,
    },
  );
}

/** As it is typed: `asOf` is --as-of. */
function optionName(key: PropertyKey | undefined): string {
  if (key === 'method') return 'The method';
  const typed = String(key ?? '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return `Option --${typed}`;
}

/** 1997-09-30 of its number. */
export function dayText(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 10);
}

/** Whole days since 1970-01-01 of a date written year first (a time after it is ignored); undefined if it is none. */
export function dayNumber(text: string): number | undefined {
  const match = /^\s*(\d{4})([-/]?)(\d{2})\2(\d{2})(?!\d)/.exec(text);
  if (match === null) return undefined;
  const [year, month, date] = [Number(match[1]), Number(match[3]), Number(match[4])];
  const time = new Date(Date.UTC(year, month - 1, date));
  // 2026-02-30 would silently become 2026-03-02
  const isReal = time.getUTCMonth() === month - 1 && time.getUTCDate() === date;
  return isReal ? time.getTime() / 86_400_000 : undefined;
}
