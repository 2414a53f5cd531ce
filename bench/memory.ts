import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type BenchOptions, type Measurement, measured } from './measurement.ts';

/** Contacts; with their companies and deals there are about three times as many records. */
const SMALL = 10_000;
const SIZES = [35_000];
const LARGEST = 350_000;
/** What a large run may take of a small one's peak; below it is what the collector of garbage leaves to chance. */
const MOST_GROWTH = 1.25;
const MB = 1_048_576;

const Answer = z.object({
  records: z.number(),
  idle: z.number(),
  peak: z.number(),
  seconds: z.number(),
  cpuSeconds: z.number(),
});

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
    const { records, idle, peak, seconds, cpuSeconds } = await measureRun(stores, contacts);
    yield measured({
      name: 'memory.peak',
      size: records,
      store: 'server',
      value: peak / MB,
      unit: 'MB',
      against: small.peak / MB,
      note: `against ${small.records.toLocaleString('en')} records; ${Math.round(idle / MB)} MB before the run; ${Math.round(records / seconds)} records/s, ${((cpuSeconds * 1_000) / records).toFixed(2)} ms of CPU a record`,
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
    const file = fileURLToPath(new URL('whole-run.ts', import.meta.url));
    const child = spawn(process.execPath, [file, String(contacts)], {
      env: place.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [stdout] = await Promise.all([text(child.stdout), once(child, 'close')]);
    if (child.exitCode !== 0) throw new Error(`the run of ${contacts} contacts ended with ${child.exitCode}`);
    return Answer.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
  } finally {
    await place.remove();
  }
}
