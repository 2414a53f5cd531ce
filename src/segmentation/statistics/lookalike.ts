import { InputError } from '../../errors.ts';
import { type AttributeTable, pickTableRows } from './attribute-table.ts';
import { randomFrom, sampleIndices } from './random.ts';
import { learnScorecard, type PointsByHand, type Scorecard } from './scorecard.ts';
import { scoreRow } from './scorecard-points.ts';
import { at } from './vectors.ts';

const MIN_SEEDS = 20;
const GOOD_SEEDS = 100;

export type Lookalike = {
  card: Scorecard | PointsByHand;
  /** Those most like the seed, best first, the seed itself left out; empty where no card could be learned. */
  ranked: { row: number; score: number }[];
  warnings: string[];
};

/**
 * Ranks subjects by their likeness to a seed segment: a scorecard with the seed as won cases and a random sample
 * of the others, up to five for each, as lost ones. Throws InputError `too-few-seeds` under 20 seeds.
 */
export function findLookalikes(
  table: AttributeTable,
  isSeed: (row: number) => boolean,
  options: { seed?: number; limit?: number } = {},
): Lookalike {
  const { seed = 1, limit = 1000 } = options;
  const rows = Array.from({ length: table.rows }, (_, i) => i);
  const seeds = rows.filter(isSeed);
  const others = rows.filter((row) => !isSeed(row));
  if (seeds.length < MIN_SEEDS) {
    throw new InputError(
      'too-few-seeds',
      `The seed segment has ${seeds.length} members, under ${MIN_SEEDS}. Nothing was learned.`,
      {
        action: `Choose a larger seed; ${GOOD_SEEDS} or more are good.`,
      },
    );
  }
  const sample = sampleIndices(others.length, 5 * seeds.length, randomFrom(seed)).map((i) => at(others, i));
  const chosen = [...seeds, ...sample];
  const card = learnScorecard(pickTableRows(table, chosen), (i) => i < seeds.length, { seed, leaks: 'warn' });
  const warnings = [...card.warnings];
  if (seeds.length < GOOD_SEEDS)
    warnings.push(`Only ${seeds.length} seeds; from ${GOOD_SEEDS} on the likeness is dependable.`);
  if (card.kind === 'by_hand') return { card, ranked: [], warnings };
  const ranked = others
    .map((row) => ({ row, score: scoreRow(card.attributes, table, row) }))
    .sort((a, b) => b.score - a.score || a.row - b.row)
    .slice(0, limit);
  return { card, ranked, warnings };
}
