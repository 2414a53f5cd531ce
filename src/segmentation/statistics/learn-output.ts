import type { Holdout } from './holdout.ts';
import type { LearnOptions } from './learn-options.ts';

/** What `learn` prints; parts that a method does not have are absent. */
export type LearnOutput = {
  method: LearnOptions['method'];
  /** Customers, rows or cases learned from. */
  n: number;
  parameters?: Record<string, number>;
  standardErrors?: Record<string, number>;
  logLikelihood?: number;
  converged?: boolean;
  warnings: string[];
  cutPoints?: { recency: number[]; frequency: number[]; monetary: number[] };
  segments?: { segment: string; size: number; revenue: number }[];
  holdout?: Holdout;
  clusters?: {
    k: number;
    inertia: number;
    /** Absent for one cluster. */
    silhouette?: number;
    /** What `centers` run over: the columns, and of a column of choices column=choice for each. */
    columns: string[];
    centers: number[][];
    sizes: number[];
    candidates?: { k: number; inertia: number; silhouette?: number }[];
  };
  auc?: number;
  aucInterval?: [number, number];
};

/** One line per customer: its name, then one value per score. */
export type LearnedScores = { names: string[]; lines: Iterable<(string | number)[]> };
export type Learned = { output: LearnOutput; scores: LearnedScores };

/** Lines are made as they are written: a million of them never stand in memory together. */
export function* mapLines<Row>(
  rows: readonly Row[],
  line: (row: Row, index: number) => (string | number)[],
): Generator<(string | number)[]> {
  let index = 0;
  for (const row of rows) yield line(row, index++);
}
