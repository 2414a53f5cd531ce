import { addApiToken } from '../src/store/api-tokens.ts';
import { describeLoad, load } from './load.ts';
import { type BenchOptions, type Measurement, measured } from './measurement.ts';
import { served } from './served.ts';
import { SEGMENTS } from './shop-segments.ts';

const SIZE = 2_000;
/** A person clicks; this is more than fifty of them do. */
const RATE = 20;
const SECONDS = 5;
const TARGET_MS = 300;

const LISTS = {
  customers: '/api/customers?subject=person&limit=50',
  members: '/api/customers?subject=person&label=shop.buyer&limit=50',
  audit: '/api/audit?limit=50',
  alerts: '/api/alerts?limit=50',
};

export const web = {
  about: 'list endpoints of the workspace, 20 a second each',
  run: measureWeb,
};

async function* measureWeb({ size, stores }: BenchOptions): AsyncGenerator<Measurement> {
  const contacts = size ?? SIZE;
  for await (const { kind, crm, server } of served(stores, {
    system: 'hubspot',
    contacts,
    segmentations: SEGMENTS,
  })) {
    const { secret } = await addApiToken(crm.app.store.pool, crm.tenant, {
      name: 'bench',
      permissions: ['read', 'administer'],
      createdBy: 'bench',
      days: 1,
    });
    for (const [name, path] of Object.entries(LISTS)) {
      const asked = [{ path, headers: { authorization: `Bearer ${secret}` } }];
      const seen = await load(server, asked, { rate: RATE, seconds: SECONDS });
      yield measured({
        name: `web.${name}.p99`,
        size: contacts,
        store: kind,
        value: seen.p99,
        unit: 'ms',
        against: TARGET_MS,
        note: describeLoad(seen),
      });
    }
  }
}
