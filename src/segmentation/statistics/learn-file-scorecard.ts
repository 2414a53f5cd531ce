import {
  chosenColumns,
  type FileRow,
  findColumn,
  requireColumn,
  tableOf,
  unreadable,
} from './file-columns.ts';
import { dayNumber, type LearnOptions } from './learn-options.ts';
import { type Learned, mapLines } from './learn-output.ts';
import { gradeOf, learnScorecard } from './scorecard.ts';
import { probabilityOf, scoreRow } from './scorecard-points.ts';
import { at } from './vectors.ts';

const WON = ['1', '1.0', 'true', 't', 'yes', 'y', 'won', 'closedwon', 'closed won'];
const LOST = ['0', '0.0', 'false', 'f', 'no', 'n', 'lost', 'closedlost', 'closed lost'];

/** scorecard from a file of cases with their outcome. */
export function learnScorecardFile(rows: readonly FileRow[], options: LearnOptions): Learned {
  const header = Object.keys(at(rows, 0));
  const target = requireColumn(header, 'target', options.target);
  const name = findColumn(header, 'customer', options.customer);
  const date = options.date === undefined ? undefined : requireColumn(header, 'date', options.date);
  const outcomes = rows.map((row, index) => {
    const text = (row[target] ?? '').trim().toLowerCase();
    if (!WON.includes(text) && !LOST.includes(text))
      throw unreadable(target, index, text, 'won or lost (1, true, yes, won; 0, false, no, lost)');
    return WON.includes(text);
  });
  const times =
    date === undefined
      ? undefined
      : rows.map((row, index) => {
          const day = dayNumber(row[date] ?? '');
          if (day === undefined) throw unreadable(date, index, row[date] ?? '', 'a date such as 1997-09-30');
          return day;
        });
  const warnings: string[] = [];
  const columns = chosenColumns(header, options.columns, [name, target, date]);
  if (columns.includes(target))
    warnings.push(`${target} is the outcome and was left out of what to score by.`);
  const table = tableOf(
    rows,
    columns.filter((column) => column !== target),
    warnings,
  );
  const card = learnScorecard(table, (row) => at(outcomes, row), {
    times,
    seed: options.seed,
    leaks: 'warn',
  });
  if (card.kind === 'by_hand') {
    return {
      output: {
        method: 'scorecard',
        n: rows.length,
        converged: false,
        warnings: [...warnings, card.reason, ...card.warnings],
      },
      scores: { names: ['customer'], lines: [] },
    };
  }
  const { auc } = card.validation;
  const coefficients = card.attributes.map(({ column, option, coefficient }): [string, number] => [
    option === undefined ? column : `${column}=${option}`,
    coefficient,
  ]);
  return {
    output: {
      method: 'scorecard',
      n: rows.length,
      parameters: { intercept: card.intercept, ...Object.fromEntries(coefficients) },
      logLikelihood: card.logLikelihood,
      converged: card.converged,
      warnings: [...warnings, ...card.warnings],
      ...(auc ? { auc: auc.value, aucInterval: [auc.low, auc.high] } : {}),
    },
    scores: {
      names: ['customer', 'score', 'probability', 'grade'],
      lines: mapLines(rows, (row, i) => {
        const score = scoreRow(card.attributes, table, i);
        return [
          name === undefined ? String(i + 1) : (row[name] ?? ''),
          score,
          probabilityOf(score, card.intercept),
          gradeOf(score, card.grades),
        ];
      }),
    },
  };
}
