import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { count, table } from '../src/cli/output.ts';
import { toAppError } from '../src/errors.ts';
import { calls } from './calls.ts';
import { card } from './card.ts';
import { engine } from './engine.ts';
import { fits } from './fits.ts';
import { freshness } from './freshness.ts';
import type { Bench, Measurement } from './measurement.ts';
import { memory } from './memory.ts';
import { pace } from './pace.ts';
import { pipeline } from './pipeline.ts';
import { preview } from './preview.ts';
import { stages } from './stages.ts';
import { BenchStores } from './stores.ts';
import { web } from './web.ts';

/** All measurements, in the order in which they run. */
const benches: Record<string, Bench> = {
  calls,
  engine,
  fits,
  pipeline,
  stages,
  pace,
  memory,
  freshness,
  card,
  web,
  preview,
};

const Flags = z.object({
  size: z.coerce.number().int().min(10).nullable().default(null),
  full: z.boolean().default(false),
  json: z.boolean().default(false),
});

const HELP = `npm run -s bench -- [NAME] [--size N] [--full] [--json]

${Object.entries(benches)
  .map(
    ([name, { about, isExtra }]) =>
      `  ${name.padEnd(10)}${about}${isExtra ? ' (by its name or with --full)' : ''}`,
  )
  .join('\n')}

--full   the largest sizes too (1,000,000; takes long)
--json   one array: { name, size, store, value, unit, ratio, against, note }
`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      size: { type: 'string' },
      full: { type: 'boolean' },
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const { size, full, json } = Flags.parse(values);
  const [name] = positionals;
  if (name !== undefined && !(name in benches)) {
    process.stderr.write(`There is no measurement "${name}".\n\n${HELP}`);
    return 1;
  }
  const stores = new BenchStores();
  if (!stores.kinds.includes('server')) {
    process.stderr.write('Left out: everything on a Postgres server (install postgresql-15)\n');
  }
  const all: Measurement[] = [];
  let isWhole = true;
  try {
    for (const [key, bench] of Object.entries(benches)) {
      if (name === undefined ? bench.isExtra && !full : key !== name) continue;
      process.stderr.write(`${key}: ${bench.about}\n`);
      const start = performance.now();
      try {
        for await (const one of bench.run({ size, full, stores })) {
          all.push(one);
          process.stderr.write(`  ${describe(one).join('  ')}\n`);
        }
      } catch (error) {
        // The other measurements are worth having all the same.
        isWhole = false;
        process.stderr.write(`  ${key} failed: ${toAppError(error).message}\n`);
      }
      process.stderr.write(`  ${Math.round((performance.now() - start) / 1_000)} s in all\n`);
    }
  } finally {
    await stores.close();
  }
  if (json) process.stdout.write(`${JSON.stringify(all)}\n`);
  else {
    const head = ['measurement', 'size', 'store', 'value', 'against', 'ratio', ''];
    process.stdout.write(`${table(head, all.map(describe))}\n${availableParallelism()} cores\n`);
  }
  return isWhole ? 0 : 1;
}

function describe(one: Measurement): string[] {
  const { name, size, store, value, unit, against, ratio, note } = one;
  return [
    name,
    count(size),
    store,
    `${value} ${unit}`,
    against === null ? '' : String(against),
    ratio === null ? '' : `x ${ratio}`,
    note,
  ];
}

process.exitCode = await main();
