import { setTimeout as sleep } from 'node:timers/promises';
import type { Installation } from './installation.ts';
import { type BenchOptions, type Measurement, measured } from './measurement.ts';
import { served } from './served.ts';

const SIZE = 1_000;
const TRIES = 9;
const TARGET_S = 5;
const LOOK_MS = 20;
const PATIENCE_MS = 60_000;

/** How each CRM tells of a change, and where it shows the label. */
const WAYS = [
  { name: 'freshness', system: 'hubspot', property: 'segment_sync_bench' },
  { name: 'freshness.salesforce', system: 'salesforce', property: 'Segment_Sync_Bench__c' },
] as const;

export const freshness = {
  about:
    'seconds from a change in HubSpot, by its webhook, or in Salesforce, by its events, to the label there',
  run: measureFreshness,
};

async function* measureFreshness({ size, stores }: BenchOptions): AsyncGenerator<Measurement> {
  const contacts = size ?? SIZE;
  for (const { name, system, property } of WAYS) {
    for await (const { kind, crm, server } of served(stores, { system, contacts, tells: true })) {
      if (system === 'hubspot') await crm.subscribe(`${server.url}/webhooks/hubspot`);
      else await listening(crm);
      const seconds: number[] = [];
      for (const contact of await crm.contactIds(TRIES)) {
        const began = performance.now();
        await crm.setCountry(contact, 'XB');
        await until('the label', async () => (await crm.valueOf(contact, property)) === 'moved');
        seconds.push((performance.now() - began) / 1_000);
      }
      seconds.sort((a, b) => a - b);
      yield measured({
        name,
        size: contacts,
        store: kind,
        value: seconds.at(-1) ?? 0,
        unit: 's',
        against: TARGET_S,
        note: `the slowest of ${seconds.length}; median ${(seconds[seconds.length >> 1] ?? 0).toFixed(2)} s`,
      });
    }
  }
}

const listening = ({ app, tenant }: Installation) =>
  until('somebody who listens', async () => {
    const { rows } = await app.store.pool.query(
      `select 1 from ${tenant.schema}.cursor where purpose = 'heard'`,
    );
    return rows.length > 0;
  });

async function until(what: string, isThere: () => Promise<boolean>): Promise<void> {
  for (const began = performance.now(); !(await isThere()); await sleep(LOOK_MS)) {
    if (performance.now() - began > PATIENCE_MS) throw new Error(`${what}: not within a minute`);
  }
}
