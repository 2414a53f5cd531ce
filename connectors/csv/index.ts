import type { Connector } from '../contract.ts';
import { checkCsv, discoverCsv, identifyCsv, sizeOfCsv } from './check.ts';
import { CsvConfig } from './config.ts';
import { pullCsv } from './pull.ts';
import { prepareCsv, pushCsv, uninstallCsv } from './push.ts';

/** A folder of files: contacts and deals come from it, labels go to it. */
export default {
  key: 'csv',
  name: 'CSV files',
  config: CsvConfig,
  auth: 'none',
  budgets: {},
  batch: { properties: 50_000, membership: 0 },
  objects: ['contact', 'deal'],
  targets: ['file'],
  defaultTargets: ['file'],
  check: checkCsv,
  discover: discoverCsv,
  size: sizeOfCsv,
  identify: identifyCsv,
  pull: pullCsv,
  prepare: prepareCsv,
  push: pushCsv,
  uninstall: uninstallCsv,
} satisfies Connector<CsvConfig>;
