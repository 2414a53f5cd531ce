import { applySegmentations } from '../src/pipeline/publish/publish.ts';
import { findInCatalogue } from '../src/segmentation/catalogue.ts';
import type { Segmentation } from '../src/segmentation/definition.ts';
import { addAttributes } from '../src/store/columns.ts';
import { openStore } from '../src/store/open.ts';
import type { Pool } from '../src/store/pool.ts';
import { createTenant, type Tenant } from '../src/store/tenant.ts';
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

async function* measureEngine({ size, full, stores }: BenchOptions): AsyncGenerator<Measurement> {
  for (const kind of stores.kinds) {
    let before: { size: number; seconds: number } | undefined;
    for (const persons of size === null ? [...SIZES, ...(full ? [LARGEST] : [])] : [size]) {
      const seconds = await withPersons(kind, persons, stores, fiftySegments(), labelChanges);
      yield measured({
        name: 'engine.label',
        size: persons,
        store: kind,
        value: seconds,
        unit: 's',
        against: (TARGET_S[kind] * persons) / LARGEST,
        note: `target: ${TARGET_S[kind]} s at 1,000,000, in proportion`,
      });
      if (before) {
        yield measured({
          name: 'engine.growth',
          size: persons,
          store: kind,
          value: seconds / before.seconds,
          unit: 'times',
          against: persons / before.size,
          note: `time against ${before.size.toLocaleString('en')} persons; linear is ${persons / before.size}`,
        });
      }
      before = { size: persons, seconds };
    }
    const chained = size ?? 10_000;
    const seconds = await withPersons(kind, chained, stores, [chain()], labelChanges);
    yield measured({
      name: 'engine.chain',
      size: chained,
      store: kind,
      value: seconds,
      unit: 's',
      note: `${CHAIN} segments, each on the one before, all compiled into one statement`,
    });
  }
}

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

/** Labels everybody once, changes one person in a hundred, and answers how long labelling takes then. */
async function labelChanges(pool: Pool, tenant: Tenant): Promise<number> {
  await labelAll(pool, tenant, { asOf: AS_OF });
  await pool.query(`vacuum analyze ${tenant.schema}.person`);
  await pool.query(
    `update ${tenant.schema}.person set revenue_total = revenue_total + 150, age = age + 1
     where id % $1::int = 0`,
    [Math.round(1 / CHANGED_SHARE)],
  );
  return (await labelAll(pool, tenant, { asOf: AS_OF })).seconds;
}
