import { findInCatalogue } from '../src/segmentation/catalogue.ts';
import { Segmentation } from '../src/segmentation/definition.ts';
import { addAttributes } from '../src/store/columns.ts';
import { openStore } from '../src/store/open.ts';
import type { Pool } from '../src/store/pool.ts';
import { createTenant, type Tenant } from '../src/store/tenant.ts';
import { livePreview } from '../src/views/live-preview.ts';
import { type BenchOptions, type Measurement, measured } from './measurement.ts';

const SIZE = 100_000;
const LARGEST = 1_000_000;
const TARGET_MS = 1_000;
const TIMES = 7;

export const preview = {
  about: 'sizes while somebody builds: eight conditions, two on percentiles and two on deals',
  run: measurePreview,
};

async function* measurePreview({ size, full, stores }: BenchOptions): AsyncGenerator<Measurement> {
  for (const kind of stores.kinds) {
    for (const persons of size === null ? [SIZE, ...(full ? [LARGEST] : [])] : [size]) {
      const place = await stores.make(kind);
      const store = await openStore(place.config);
      try {
        const tenant = await createTenant(store.pool, { id: 'bench', name: 'Bench' });
        await fill(store.pool, tenant, persons);
        const { first, again, plain } = await timings(store.pool, tenant);
        const about = { size: persons, store: kind, unit: 'ms' };
        const target = `target: ${TARGET_MS} ms, waiting for other programs left out`;
        yield measured({
          ...about,
          name: 'preview.first',
          value: first.cpu,
          against: TARGET_MS,
          note: `${target}; ${Math.round(first.clock)} ms by the clock; cut points learned`,
        });
        yield measured({
          ...about,
          name: 'preview.change',
          value: again.cpu,
          against: TARGET_MS,
          note: `${target}; ${Math.round(again.clock)} ms by the clock`,
        });
        yield measured({
          ...about,
          name: 'preview.count',
          value: again.clock,
          against: plain,
          note: 'by the clock, against a plain count of all persons and deals',
        });
      } finally {
        await store.close();
        await place.remove();
      }
    }
  }
}

type Time = { cpu: number; clock: number };

/** Each time a threshold moves, as a builder moves it; the median. */
async function timings(pool: Pool, tenant: Tenant): Promise<{ first: Time; again: Time; plain: number }> {
  const look = (threshold: number): Promise<unknown> =>
    livePreview(pool, tenant, eightConditions(threshold), { asOf: new Date(), samples: 5 });
  const first = await timed(() => look(100));
  const again: Time[] = [];
  const plain: number[] = [];
  for (let i = 1; i <= TIMES; i += 1) {
    again.push(await timed(() => look(100 + i)));
    const { clock } = await timed(() =>
      pool.query(
        `select (select count(*) from ${tenant.schema}.person), (select count(*) from ${tenant.schema}.deal)`,
      ),
    );
    plain.push(clock);
  }
  return {
    first,
    again: { cpu: median(again.map(({ cpu }) => cpu)), clock: median(again.map(({ clock }) => clock)) },
    plain: median(plain),
  };
}

/**
 * CPU time of this process, in which the embedded store runs too, and by the clock. A server's own CPU time is not in
 * it: there, the clock is what counts.
 */
async function timed(work: () => Promise<unknown>): Promise<Time> {
  const before = process.cpuUsage();
  const start = performance.now();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / 1_000, clock: performance.now() - start };
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;

function eightConditions(threshold: number): Segmentation {
  const both = [
    { attribute: 'country', in: ['C1', 'C2', 'C3', 'C4', 'C5', 'C6'] },
    { attribute: 'age', atLeast: 18 },
  ];
  return Segmentation.parse({
    key: 'built',
    name: 'Built',
    subject: 'person',
    method: 'rules',
    segments: [
      {
        key: 'best',
        name: 'Best',
        when: {
          all: [
            ...both,
            { attribute: 'revenue_total', topPercent: 10 },
            { deals: { sum: 'amount', atLeast: threshold } },
          ],
        },
      },
      {
        key: 'rest',
        name: 'Rest',
        when: {
          all: [
            ...both,
            { attribute: 'revenue_total', bottomPercent: 50 },
            { deals: { count: true, atLeast: 1, where: { amount: { above: threshold } } } },
          ],
        },
      },
    ],
  });
}

const ATTRIBUTES = ['country', 'age', 'no_profiling', 'revenue_total'];

/** Persons with three deals each, in no order. */
async function fill(pool: Pool, tenant: Tenant, persons: number): Promise<void> {
  const { schema } = tenant;
  const find = (owner: 'person' | 'deal', key: string) => {
    const found = findInCatalogue(owner, key);
    if (!found) throw new Error(`the catalogue has no ${owner}.${key}`);
    return found.attribute;
  };
  await addAttributes(pool, tenant, [
    ...ATTRIBUTES.map((key) => find('person', key)),
    find('deal', 'amount'),
  ]);
  await pool.query(
    `insert into ${schema}.person (country, age, revenue_total)
     select 'C' || (n * 7919 % 20), 16 + n * 104729 % 60, (n * 48271 % 120000) / 100.0
     from generate_series(1, $1::bigint) n`,
    [persons],
  );
  await pool.query(
    `insert into ${schema}.deal (connection_id, record_id, person_id, amount)
     select 'bench', n::text, 1 + n * 7919 % $1::bigint, (n * 16807 % 50000) / 100.0
     from generate_series(1, 3 * $1::bigint) n`,
    [persons],
  );
  await pool.query('analyze');
}
