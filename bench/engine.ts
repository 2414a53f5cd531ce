import { applySegmentations } from '../src/pipeline/publish/publish.ts';
import { findInCatalogue } from '../src/segmentation/catalogue.ts';
import type { Segmentation } from '../src/segmentation/definition.ts';
import { addAttributes } from '../src/store/columns.ts';
import { openStore } from '../src/store/open.ts';
import type { Pool } from '../src/store/pool.ts';
import { createTenant, type Tenant } from '../src/store/tenant.ts';
import { costOf, costUnit, type Took } from './cpu.ts';
import { AS_OF } from './engine-customers.ts';
import { CHAIN, chain, fiftySegments, SEGMENTS } from './engine-segments.ts';
import { labelAll } from './label-all.ts';
import { type BenchOptions, type Measurement, measured } from './measurement.ts';
import type { StoreKind } from './stores.ts';

const SIZES = [10_000, 100_000];
const LARGEST = 1_000_000;
const CHANGED_SHARE = 0.01;
/** At 1,000,000 persons, on 2 cores. */
const TARGET_S: Record<StoreKind, number> = { server: 3, embedded: 6 };

export const engine = {
  about: `labelling all persons with ${SEGMENTS} segments where 1 % of labels change, and a chain of ${CHAIN} segments`,
  run: measureEngine,
};

/** What everybody is labelled with. */
const SETS = [
  { name: 'engine.label', definitions: fiftySegments, targets: TARGET_S, what: `${SEGMENTS} segments` },
  {
    name: 'engine.chain',
    definitions: () => [chain()],
    targets: null,
    what: `${CHAIN} segments, each on the one before, all compiled into one statement`,
  },
];

async function* measureEngine({ size, full, stores }: BenchOptions): AsyncGenerator<Measurement> {
  for (const kind of stores.kinds) {
    for (const { name, definitions, targets, what } of SETS) {
      let before: { size: number; cost: number } | undefined;
      for (const persons of size === null ? [...SIZES, ...(full ? [LARGEST] : [])] : [size]) {
        const { first, again } = await withPersons(kind, persons, stores, definitions(), labelChanges);
        const about = { size: persons, store: kind, unit: 's' };
        yield measured({
          ...about,
          name,
          value: again.seconds,
          ...(targets && { against: (targets[kind] * persons) / LARGEST }),
          note: `${inCpu(again)}${what}${targets ? `; target: ${targets[kind]} s at 1,000,000, in proportion` : ''}`,
        });
        yield measured({
          ...about,
          name: `${name}.first`,
          unit: costUnit(first),
          value: costOf(first),
          against: costOf(again),
          note: 'the first labelling, which logs every label, against the one that is counted',
        });
        if (before) {
          const times = persons / before.size;
          yield measured({
            ...about,
            name: `${name}.growth`,
            unit: 'times',
            value: costOf(again) / before.cost,
            against: times,
            note: `${costUnit(again)} against ${before.size.toLocaleString('en')} persons; linear is ${times}`,
          });
        }
        before = { size: persons, cost: costOf(again) };
      }
    }
  }
}

const inCpu = ({ cpu }: Took) => (cpu === null ? '' : `${cpu.toPrecision(3)} s of CPU; `);

async function withPersons<T>(
  kind: StoreKind,
  persons: number,
  stores: BenchOptions['stores'],
  definitions: Segmentation[],
  measure: (pool: Pool, tenant: Tenant) => Promise<T>,
): Promise<T> {
  const place = await stores.make(kind);
  const store = await openStore(place.config);
  try {
    const tenant = await createTenant(store.pool, { id: 'bench', name: 'Bench' });
    await fill(store.pool, tenant, persons);
    await applySegmentations(store.pool, tenant, definitions, { by: 'bench' });
    return await measure(store.pool, tenant);
  } finally {
    await store.close();
    await place.remove();
  }
}

const ATTRIBUTES = [
  'country',
  'age',
  'email_opted_out',
  'no_profiling',
  'deal_count',
  'revenue_total',
  'last_order_at',
];

async function fill(pool: Pool, tenant: Tenant, persons: number): Promise<void> {
  const attributes = ATTRIBUTES.map((key) => {
    const found = findInCatalogue('person', key);
    if (!found) throw new Error(`the catalogue has no ${key}`);
    return found.attribute;
  });
  await addAttributes(pool, tenant, attributes);
  await pool.query(
    `insert into ${tenant.schema}.person (country, age, email_opted_out, deal_count, revenue_total, last_order_at)
     select 'C' || (n * 7919 % 20), 16 + n * 104729 % 60, case when n % 9 = 0 then true end,
       n * 31 % 13, (n * 48271 % 120000) / 100.0, date '2026-05-31' - (n * 16807 % 500)::int
     from generate_series(1, $1::bigint) n`,
    [persons],
  );
  await pool.query(`analyze ${tenant.schema}.person`);
}

/** Labels everybody for the first time, and again after one person in a hundred has changed. */
async function labelChanges(pool: Pool, tenant: Tenant): Promise<{ first: Took; again: Took }> {
  const first = await labelAll(pool, tenant, { asOf: AS_OF });
  await pool.query(`vacuum analyze ${tenant.schema}.person`);
  await pool.query(
    `update ${tenant.schema}.person set revenue_total = revenue_total + 150, age = age + 1
     where id % $1::int = 0`,
    [Math.round(1 / CHANGED_SHARE)],
  );
  return { first, again: await labelAll(pool, tenant, { asOf: AS_OF }) };
}
