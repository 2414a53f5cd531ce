import { assessApplicability } from './applicability.ts';
import { expectedPurchasesBgNbd, fitBgNbd, pAliveBgNbd } from './bg-nbd.ts';
import type { FileRow } from './file-columns.ts';
import { purchasesOf } from './file-purchases.ts';
import { expectedSpend, fitGammaGamma } from './gamma-gamma.ts';
import { holdoutTable } from './holdout.ts';
import type { LearnOptions } from './learn-options.ts';
import { type Learned, type LearnOutput, mapLines } from './learn-output.ts';
import { expectedPurchasesMbgNbd, fitMbgNbd, pAliveMbgNbd } from './mbg-nbd.ts';
import { expectedPurchasesParetoNbd, fitParetoNbd, pAliveParetoNbd } from './pareto-nbd.ts';
import type { Fit } from './purchase-fit.ts';
import type { PurchaseRow } from './purchases.ts';
import { at } from './vectors.ts';

const YEAR = { day: 365, week: 52 } as const;

type NamedFit = {
  fit: Fit<string>;
  alive(row: PurchaseRow): number;
  expected(row: PurchaseRow, t: number): number;
};

function fitNamed(method: LearnOptions['method'], rows: readonly PurchaseRow[]): NamedFit {
  if (method === 'pareto-nbd') {
    const fit = fitParetoNbd(rows);
    return {
      fit,
      alive: (row) => pAliveParetoNbd(fit.parameters, row),
      expected: (row, t) => expectedPurchasesParetoNbd(fit.parameters, row, t),
    };
  }
  if (method === 'mbg-nbd') {
    const fit = fitMbgNbd(rows);
    return {
      fit,
      alive: (row) => pAliveMbgNbd(fit.parameters, row),
      expected: (row, t) => expectedPurchasesMbgNbd(fit.parameters, row, t),
    };
  }
  const fit = fitBgNbd(rows);
  return {
    fit,
    alive: (row) => pAliveBgNbd(fit.parameters, row),
    expected: (row, t) => expectedPurchasesBgNbd(fit.parameters, row, t),
  };
}

/** bg-nbd, mbg-nbd, pareto-nbd from a file of transactions or of summaries. */
export function learnPurchasesFile(rows: readonly FileRow[], options: LearnOptions): Learned {
  const { customers, holdoutLength, warnings } = purchasesOf(rows, options, ['frequency', 'recency', 't']);
  const { fit, alive, expected } = fitNamed(options.method, customers);
  const horizon = holdoutLength > 0 ? holdoutLength : YEAR[options.unit];
  const unitDays = options.unit === 'week' ? 7 : 1;
  const { reasons } = assessApplicability(
    customers.map(({ x, tx, T, zbar, gapVariation }) => ({
      x,
      zbar,
      gapVariation,
      observedDays: T * unitDays,
      activeDays: tx * unitDays,
    })),
  );
  // Spend takes no part in these models.
  const doubts = reasons.filter(({ code }) => code !== 'spend_tied_to_frequency' && code !== 'same_amounts');
  const holdout =
    holdoutLength > 0
      ? holdoutTable(customers.map((row) => ({ ...row, expected: expected(row, horizon) })))
      : undefined;
  return {
    output: {
      method: options.method,
      n: customers.length,
      ...fitParts(fit),
      warnings: [...warnings, ...fit.warnings, ...doubts.map((reason) => reason.message)],
      ...(holdout ? { holdout } : {}),
    },
    scores: {
      names: ['customer', 'p_alive', `expected_purchases_${horizon}_${options.unit}s`],
      lines: mapLines(customers, (row) => [row.customer, alive(row), expected(row, horizon)]),
    },
  };
}

/** gamma-gamma from a file of transactions or of summaries. */
export function learnSpendFile(rows: readonly FileRow[], options: LearnOptions): Learned {
  const { customers, warnings } = purchasesOf(rows, options, ['frequency', 'monetary']);
  const spend = customers.map(({ x, zbar }) => ({ x, m: zbar }));
  // Whoever checks us against another tool wants the greatest likelihood, whatever it promises.
  const fit = fitGammaGamma(spend, { unbounded: true });
  const promised = spend.map((row) => expectedSpend(fit.parameters, row));
  const without = promised.filter((value) => value === null).length;
  return {
    output: {
      method: options.method,
      n: fit.customers,
      ...fitParts(fit),
      warnings: [
        ...warnings,
        ...fit.warnings,
        ...(without > 0 ? [`${without} customers have no expected spend; their score is left empty.`] : []),
      ],
    },
    scores: {
      names: ['customer', 'expected_spend'],
      lines: mapLines(customers, ({ customer }, i) => [customer, at(promised, i) ?? '']),
    },
  };
}

function fitParts(
  fit: Fit<string>,
): Pick<LearnOutput, 'parameters' | 'standardErrors' | 'logLikelihood' | 'converged'> {
  const { parameters, standardErrors, logLikelihood, converged } = fit;
  return { parameters, ...(standardErrors ? { standardErrors } : {}), logLikelihood, converged };
}
