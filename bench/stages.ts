import { type BenchOptions, type Measurement, measured } from './measurement.ts';
import { measuredPeak } from './memory.ts';
import { type WholeRun, wholeRun } from './whole-run.ts';

/** Contacts; with their companies and deals there are about three times as many records. */
const SMALL = 3_000;
const SIZES = [10_000];
const LARGEST = 330_000;

export const stages = {
  about:
    'each stage after the pull of a first run, records laid into the store: CPU a record, and how it grows',
  run: measureStages,
  isExtra: true,
};

async function* measureStages({ size, full, stores }: BenchOptions): AsyncGenerator<Measurement> {
  if (!stores.kinds.includes('server')) {
    process.stderr.write('Left out: stages needs a Postgres server (install postgresql-15)\n');
    return;
  }
  let before = await wholeRun(stores, SMALL, 'laid');
  for (const contacts of size === null ? [...SIZES, ...(full ? [LARGEST] : [])] : [size]) {
    const run = await wholeRun(stores, contacts, 'laid');
    for (const stage of Object.keys(run.stages)) yield measuredStage(stage, run, before);
    yield measuredPeak('stages.memory', run, before);
    before = run;
  }
}

function measuredStage(stage: string, run: WholeRun, before: WholeRun): Measurement {
  const spent = run.stages[stage];
  const { program = 0, store = null, seconds = 0 } = spent ?? {};
  return measured({
    name: `stages.${stage}`,
    size: run.records,
    store: 'server',
    value: each(run, stage),
    unit: 'ms of CPU a record',
    against: each(before, stage),
    note: `against ${before.records.toLocaleString('en')} records; ${program.toFixed(1)} s of CPU, store ${store?.toFixed(1) ?? 'unknown'} s, ${seconds.toFixed(0)} s by the clock`,
  });
}

function each({ stages, records }: WholeRun, stage: string): number {
  const { program = 0, store = null } = stages[stage] ?? {};
  return ((program + (store ?? 0)) * 1_000) / records;
}
