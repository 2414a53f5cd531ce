import type { Worker } from 'node:worker_threads';
import { isLight } from '../src/pipeline/learn/learn.ts';
import { learnAway, MEMORY_MB } from '../src/pipeline/learn/learn-away.ts';
import { readRequest } from '../src/pipeline/publish/plans.ts';
import { applySegmentations } from '../src/pipeline/publish/publish.ts';
import type { Segmentation } from '../src/segmentation/definition.ts';
import { learn, planLearn } from '../src/segmentation/learn.ts';
import { whyNobody } from '../src/segmentation/methods.ts';
import { addModel } from '../src/store/models.ts';
import { openStore } from '../src/store/open.ts';
import { type Pool, transaction } from '../src/store/pool.ts';
import { createTenant, type Tenant } from '../src/store/tenant.ts';
import { costOf, costUnit, type Took, timed } from './cpu.ts';
import { AS_OF, fillCustomers } from './engine-customers.ts';
import { dealSegments, everyMethod, fiftySegments } from './engine-segments.ts';
import { labelAll } from './label-all.ts';
import { type BenchOptions, type Measurement, measured } from './measurement.ts';

const SIZE = 10_000;
const LARGE = [100_000, 1_000_000];
const DAY_MS = 86_400_000;

export const fits = {
  about:
    'what every method takes to learn and to apply, its memory, and what a day moves on which nothing happened',
  run: measureFits,
};

async function* measureFits({ size, full, stores }: BenchOptions): AsyncGenerator<Measurement> {
  for (const kind of stores.kinds) {
    for (const persons of size === null ? [SIZE, ...(full ? LARGE : [])] : [size]) {
      const place = await stores.make(kind);
      const store = await openStore(place.config);
      try {
        const tenant = await createTenant(store.pool, { id: 'bench', name: 'Bench' });
        await fillCustomers(store.pool, tenant, persons);
        for await (const one of measureOn(store.pool, tenant))
          yield measured({ ...one, size: persons, store: kind });
      } finally {
        await store.close();
        await place.remove();
      }
    }
  }
}

type Found = Omit<Parameters<typeof measured>[0], 'size' | 'store'>;

async function* measureOn(pool: Pool, tenant: Tenant): AsyncGenerator<Found> {
  const rules = [...fiftySegments(), dealSegments()];
  const methods = everyMethod();
  await applySegmentations(pool, tenant, [...rules, ...methods], { by: 'bench' });
  const onlyRules = new Set(rules.map(({ key }) => key));
  await labelAll(pool, tenant, { asOf: AS_OF, only: onlyRules });
  const once = await readOnce(pool, tenant);
  for (const definition of methods) {
    const { memoryMb, note, ...took } = await learnOne(pool, tenant, definition);
    const name = `fits.${definition.key}`;
    yield {
      name: `${name}.learn`,
      ...costs(took),
      against: costOf(once),
      note: `${note}; against reading everything once`,
    };
    const most = MEMORY_MB[definition.method];
    if (memoryMb !== null && most !== undefined)
      yield {
        name: `${name}.memory`,
        value: memoryMb,
        unit: 'MB',
        against: most,
        note: 'of the thread that learns, against what it may hold',
      };
  }
  await labelAll(pool, tenant, { asOf: AS_OF });
  await pool.query(`vacuum analyze ${tenant.schema}.person`);
  await pool.query(`vacuum analyze ${tenant.schema}.score`);
  // Once for the server's caches and the work that the vacuum left behind: what comes first would pay for it.
  await labelAll(pool, tenant, { asOf: AS_OF, only: onlyRules });
  const alone = await labelAll(pool, tenant, { asOf: AS_OF, only: onlyRules });
  yield {
    name: 'fits.rules',
    ...costs(alone),
    against: costOf(once),
    note: '53 segments of rules, three on single deals; nothing changed',
  };
  for (const { key } of methods) {
    const took = await labelAll(pool, tenant, { asOf: AS_OF, only: new Set([...onlyRules, key]) });
    yield {
      name: `fits.${key}.apply`,
      unit: costUnit(took),
      value: costOf(took) - costOf(alone),
      against: costOf(alone),
      note: 'what it adds to the rules, against these alone',
    };
  }
  const all = await labelAll(pool, tenant, { asOf: AS_OF });
  yield {
    name: 'fits.all',
    ...costs(all),
    against: costOf(alone),
    note: 'rules and all methods, against rules alone; target x 2',
  };
  yield {
    name: 'fits.again',
    value: all.changed,
    unit: 'rows',
    note: 'changed by labelling again on the same day: 0',
  };
  const tomorrow = new Date(AS_OF.getTime() + DAY_MS);
  const later = await labelAll(pool, tenant, { asOf: tomorrow });
  const moved = await scoresAt(pool, tenant, tomorrow);
  yield {
    name: 'fits.tomorrow',
    ...costs(later),
    against: costOf(all),
    note: 'the day after, when scores are stored, against an ordinary run',
  };
  yield {
    name: 'fits.tomorrow.labels',
    value: later.changed,
    unit: 'rows',
    note: 'customers whose labels the day alone changed',
  };
  yield {
    name: 'fits.tomorrow.scores',
    value: moved.moved,
    unit: 'rows',
    against: moved.all,
    note: 'scores that the day alone moved by over 1 %, against all',
  };
}

const costs = (took: Took) => ({ value: costOf(took), unit: costUnit(took) });

const readOnce = (pool: Pool, { schema }: Tenant): Promise<Took> =>
  timed(pool, () =>
    pool.query(
      `select (select count(p.*) from ${schema}.person p), (select sum(revenue) from ${schema}.deal),
         (select count(c.*) from ${schema}.company c)`,
    ),
  );

/** As the learn stage does it: the statement, then the fit, in a thread of its own where it takes long. */
async function learnOne(
  pool: Pool,
  tenant: Tenant,
  definition: Segmentation,
): Promise<Took & { memoryMb: number | null; note: string }> {
  const { request } = await readRequest(pool, tenant, AS_OF);
  const statement = planLearn(definition, request);
  if (statement === null) throw new Error(`${definition.key} learns nothing`);
  const read = await timed(pool, () => pool.query(statement.sql, statement.values));
  const { rows } = read.result;
  const peak = new HeapPeak();
  const context = { zone: request.zone, before: null };
  const fit = await timed(pool, async () =>
    isLight(definition)
      ? learn(definition, rows, AS_OF, context)
      : learnAway({ definition, rows, asOf: AS_OF, context }, { watch: (thread) => peak.watch(thread) }),
  );
  const model = fit.result;
  const reason = whyNobody(model);
  await transaction(pool, (client) =>
    addModel(client, tenant, {
      segmentation: definition.key,
      definitionVersion: 1,
      asOf: AS_OF,
      model,
      notApplicable: reason,
    }),
  );
  return {
    seconds: read.seconds + fit.seconds,
    cpu: read.cpu === null || fit.cpu === null ? null : read.cpu + fit.cpu,
    memoryMb: isLight(definition) ? null : peak.mb,
    note: `${costOf(read).toFixed(1)} of it in the statement, ${rows.length} rows${reason === null ? '' : `; nobody gets a label: ${reason}`}`,
  };
}

/** The most that a thread's heap was seen to hold. */
class HeapPeak {
  mb = 0;

  watch(thread: Worker): void {
    const timer = setInterval(async () => {
      const { used_heap_size } = await thread.getHeapStatistics().catch(() => ({ used_heap_size: 0 }));
      this.mb = Math.max(this.mb, used_heap_size / 1_000_000);
    }, 50);
    thread.once('exit', () => clearInterval(timer));
  }
}

async function scoresAt(pool: Pool, { schema }: Tenant, at: Date): Promise<{ moved: number; all: number }> {
  const { rows } = await pool.query<{ moved: number; all: number }>(
    `select count(*) filter (where at = $1)::int as moved, count(*)::int as all from ${schema}.score`,
    [at.toISOString()],
  );
  return rows[0] ?? { moved: 0, all: 0 };
}
