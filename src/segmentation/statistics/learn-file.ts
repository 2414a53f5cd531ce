import { InputError } from '../../errors.ts';
import type { FileRow } from './file-columns.ts';
import { learnClustersFile } from './learn-file-clusters.ts';
import { learnPurchasesFile, learnSpendFile } from './learn-file-purchases.ts';
import { learnRfmFile } from './learn-file-rfm.ts';
import { learnScorecardFile } from './learn-file-scorecard.ts';
import type { LearnOptions } from './learn-options.ts';
import type { Learned } from './learn-output.ts';

/**
 * Learns one method from the rows of a file. Pure: the same rows, options and seed give the same answer.
 * Throws InputError for anything that cannot be learned from, with the row or column in the message.
 */
export function learnFile(rows: readonly FileRow[], options: LearnOptions): Learned {
  if (rows.length === 0) {
    throw new InputError('no-rows', 'The file has no rows. Nothing was learned.', {
      action: 'Give a CSV with a header and rows.',
    });
  }
  switch (options.method) {
    case 'rfm':
      return learnRfmFile(rows, options);
    case 'gamma-gamma':
      return learnSpendFile(rows, options);
    case 'clusters':
      return learnClustersFile(rows, options);
    case 'scorecard':
      return learnScorecardFile(rows, options);
    default:
      return learnPurchasesFile(rows, options);
  }
}
