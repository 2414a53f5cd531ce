import { setTimeout as sleep } from 'node:timers/promises';
import { type BenchOptions, type Measurement, measured } from './measurement.ts';
import { servedPortals } from './served.ts';

const SIZE = 2_000;
const TRIES = 9;
const TARGET_S = 5;
const LOOK_MS = 20;

export const freshness = {
  about: 'seconds from a change in HubSpot, by its webhook, to the label there',
  run: measureFreshness,
};

async function* measureFreshness({ size, stores }: BenchOptions): AsyncGenerator<Measurement> {
  const contacts = size ?? SIZE;
  for await (const { kind, crm, server } of servedPortals(stores, { contacts })) {
    await crm.subscribe(`${server.url}/webhooks/hubspot`);
    const seconds: number[] = [];
    for (const contact of await crm.contactIds(TRIES)) {
      const began = performance.now();
      await crm.setCountry(contact, 'XB');
      while ((await crm.valueOf(contact, 'segment_sync_bench')) !== 'moved') {
        if (performance.now() - began > 60_000) throw new Error('no label within a minute');
        await sleep(LOOK_MS);
      }
      seconds.push((performance.now() - began) / 1_000);
    }
    seconds.sort((a, b) => a - b);
    yield measured({
      name: 'freshness',
      size: contacts,
      store: kind,
      value: seconds.at(-1) ?? 0,
      unit: 's',
      against: TARGET_S,
      note: `the slowest of ${seconds.length}; median ${(seconds[seconds.length >> 1] ?? 0).toFixed(2)} s`,
    });
  }
}
