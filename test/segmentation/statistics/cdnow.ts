import { readFileSync } from 'node:fs';
import { summarisePurchases, type Transaction } from '../../../src/segmentation/statistics/summary.ts';
import { sharedFolder } from '../../shared.ts';

/** The CDNOW sample (Fader & Hardie), or undefined where the reference folder is absent. */
export const cdnowFolder = sharedFolder('data/cdnow');

function lines(file: string): string[][] {
  return readFileSync(`${cdnowFolder}/${file}`, 'utf8')
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.split(','));
}

export function dayOf(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) / 86_400_000;
}

/** x, tx, T in weeks to two decimals; zbar in dollars. */
export function cdnowSummary(): { x: number; tx: number; T: number; m: number }[] {
  return lines('cdnow_summary_with_monetary.csv').map((cells) => {
    const [, x = 0, tx = 0, T = 0, m = 0] = cells.map(Number);
    return { x, tx, T, m };
  });
}

export function cdnowTransactions(): Transaction[] {
  return lines('cdnow_transactions.csv').map((cells) => ({
    customer: cells[0] ?? '',
    day: dayOf(cells[2] ?? ''),
    amount: Number(cells[4]),
  }));
}

/** Exact weeks, with the 39 weeks of holdout. */
export function cdnowCalibration() {
  return summarisePurchases(cdnowTransactions(), {
    unit: 'week',
    calibrationEnd: dayOf('1997-09-30'),
    holdoutEnd: dayOf('1998-06-30'),
  });
}
