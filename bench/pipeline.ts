import { z } from 'zod';
import { type Took, timed } from './cpu.ts';
import { type Installation, install } from './installation.ts';
import { type BenchOptions, type Measurement, measured } from './measurement.ts';
import { recordsRead } from './records-read.ts';
import type { StoreKind } from './stores.ts';

/** Contacts; with their companies and deals there are about three times as many records. */
const SIZE = 5_000;
const LARGEST = 330_000;

export const pipeline = {
  about: 'records a second from the CRM into the store and labels back, against only reading the same pages',
  run: measurePipeline,
};

async function* measurePipeline({ size, full, stores }: BenchOptions): AsyncGenerator<Measurement> {
  for (const kind of stores.kinds) {
    const sizes = full && kind === 'server' ? [SIZE, LARGEST] : [SIZE];
    for (const contacts of size === null ? sizes : [size]) yield await measureRun(stores, kind, contacts);
  }
}

async function measureRun(
  stores: BenchOptions['stores'],
  kind: StoreKind,
  contacts: number,
): Promise<Measurement> {
  const store = await stores.make(kind);
  try {
    const crm = await install({ config: store.config, system: 'hubspot', contacts });
    try {
      const drained = await drain(crm);
      const { result: run, ...took } = await timed(crm.app.store.pool, () => crm.run());
      const read = recordsRead(run);
      return measured({
        name: 'pipeline.whole',
        size: read,
        store: kind,
        value: read / took.seconds,
        unit: 'records/s',
        against: drained.records / drained.seconds,
        note: `only reading: ${drained.records} records in ${drained.seconds.toFixed(2)} s; ${cpuEach(took, read)}`,
      });
    } finally {
      await crm.close();
    }
  } finally {
    await store.remove();
  }
}

/** It says how cost grows where the clock does not, as other work shares the machine. */
const cpuEach = ({ cpu }: Took, records: number): string =>
  cpu === null
    ? 'CPU unknown'
    : `program and store: ${((cpu * 1_000) / records).toFixed(2)} ms of CPU a record`;

const Page = z.object({
  results: z.array(z.unknown()),
  paging: z.object({ next: z.object({ after: z.string() }) }).optional(),
});

/** Reads every page of all objects with fetch, one after the other, and does nothing with them. */
async function drain(crm: Installation): Promise<{ records: number; seconds: number }> {
  const start = performance.now();
  let records = 0;
  for (const object of ['contacts', 'companies', 'deals']) {
    const links = object === 'contacts' ? 'companies' : 'contacts,companies';
    for (let after: string | undefined = ''; after !== undefined; ) {
      const url = `${crm.url}/crm/objects/2026-03/${object}?limit=100&associations=${links}${after && `&after=${after}`}`;
      const response = await fetch(url, { headers: { authorization: `Bearer ${crm.accessToken}` } });
      if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
      const page: z.infer<typeof Page> = Page.parse(await response.json());
      records += page.results.length;
      after = page.paging?.next.after;
    }
  }
  return { records, seconds: (performance.now() - start) / 1_000 };
}
