import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { type BenchOptions, type Measurement, measured } from './measurement.ts';

/** Contacts; with their companies and deals there are about three times as many records. */
const SMALL = 10_000;
const SIZES = [35_000];
const LARGEST = 350_000;
/** What a large run may take of a small one's peak; below it is what the collector of garbage leaves to chance. */
const MOST_GROWTH = 1.25;
const MB = 1_048_576;

const Answer = z.object({ records: z.number(), idle: z.number(), peak: z.number() });

export const memory = {
  about: 'resident memory of the program during a first run, store and CRM in other processes',
  run: measureMemory,
};

async function* measureMemory({ size, full, stores }: BenchOptions): AsyncGenerator<Measurement> {
  if (!stores.kinds.includes('server')) {
    process.stderr.write('Left out: memory needs a Postgres server (install postgresql-15)\n');
    return;
  }
  const small = await measureRun(stores, SMALL);
  for (const contacts of size === null ? [...SIZES, ...(full ? [LARGEST] : [])] : [size]) {
    const { records, idle, peak } = await measureRun(stores, contacts);
    yield measured({
      name: 'memory.peak',
      size: records,
      store: 'server',
      value: peak / MB,
      unit: 'MB',
      against: small.peak / MB,
      note: `against ${small.records.toLocaleString('en')} records; ${Math.round(idle / MB)} MB before the run`,
    });
    if (peak > MOST_GROWTH * small.peak) throw grown(records, small.records);
  }
}

const grown = (records: number, few: number) =>
  new Error(
    `memory grows with the tenant: ${records} records take more than ${MOST_GROWTH} times as much as ${few}`,
  );

async function measureRun(stores: BenchOptions['stores'], contacts: number) {
  const place = await stores.make('server');
  try {
    const child = fileURLToPath(new URL('memory-child.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [child, String(contacts)], {
      env: place.env,
    });
    return Answer.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
  } finally {
    await place.remove();
  }
}
