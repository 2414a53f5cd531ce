import { type BenchOptions, type Measurement, measured } from './measurement.ts';
import { type WholeRun, wholeRun } from './whole-run.ts';

/** Contacts; with their companies and deals there are about three times as many records. */
const SMALL = 10_000;
const SIZES = [35_000];
const LARGEST = 350_000;
/** What a large run may take of a small one's peak; below it is what the collector of garbage leaves to chance. */
const MOST_GROWTH = 1.25;
const MB = 1_048_576;

export const memory = {
  about: 'resident memory of the program during a first run, store and CRM in other processes',
  run: measureMemory,
};

async function* measureMemory({ size, full, stores }: BenchOptions): AsyncGenerator<Measurement> {
  if (!stores.kinds.includes('server')) {
    process.stderr.write('Left out: memory needs a Postgres server (install postgresql-15)\n');
    return;
  }
  const small = await wholeRun(stores, SMALL, 'read');
  for (const contacts of size === null ? [...SIZES, ...(full ? [LARGEST] : [])] : [size]) {
    const large = await wholeRun(stores, contacts, 'read');
    yield measuredPeak('memory.peak', large, small);
    if (large.peak > MOST_GROWTH * small.peak) throw grown(large.records, small.records);
  }
}

export function measuredPeak(name: string, large: WholeRun, small: WholeRun): Measurement {
  const { records, idle, peak, whole } = large;
  const few = small.records.toLocaleString('en');
  return measured({
    name,
    size: records,
    store: 'server',
    value: peak / MB,
    unit: 'MB',
    against: small.peak / MB,
    note: `against ${few} records; ${Math.round(idle / MB)} MB before the run; ${Math.round(records / whole.seconds)} records/s, ${cpuEach(whole.program, records)} ms of CPU a record, store ${cpuEach(whole.store, records)} ms`,
  });
}

const cpuEach = (seconds: number | null, records: number): string =>
  seconds === null ? 'unknown' : ((seconds * 1_000) / records).toFixed(2);

const grown = (records: number, few: number) =>
  new Error(
    `memory grows with the tenant: ${records} records take more than ${MOST_GROWTH} times as much as ${few}`,
  );
