import { MemoryPace } from '../connectors/context.ts';
import type { Budget } from '../connectors/contract.ts';
import { SharedPace } from '../jobs/pace.ts';
import { startSandboxProcess } from '../src/cli/sandbox.ts';
import { saveConnection } from '../src/store/connections.ts';
import { openStore } from '../src/store/open.ts';
import { createTenant } from '../src/store/tenant.ts';
import { type BenchOptions, type Measurement, measured } from './measurement.ts';
import { measurePush } from './push.ts';

/** What a HubSpot account lets a marketplace app do. */
const HUBSPOT: Budget = { permits: 110, windowMs: 10_000, concurrency: 10, scope: 'account' };
const WINDOWS = 5;
const CALLERS = 8;
const WORKERS = 2;

type Pace = Pick<MemoryPace, 'take' | 'answered'>;

export const pace = {
  about: `the time of calls over ${WINDOWS} windows of 110 in 10 s, with none refused`,
  run: measurePace,
};

async function* measurePace({ size, stores }: BenchOptions): AsyncGenerator<Measurement> {
  const calls = size ?? HUBSPOT.permits * (WINDOWS + 1);
  // Waiting is all they do: side by side neither slows the other.
  yield* await Promise.all([
    measureOne('pace.memory', 'none', calls, [new MemoryPace({ general: HUBSPOT })]),
    measureShared(calls, stores),
  ]);
  yield await measurePush({ size: null, full: false, stores });
}

async function measureShared(calls: number, stores: BenchOptions['stores']): Promise<Measurement> {
  const kind = stores.kinds.includes('server') ? 'server' : 'embedded';
  const place = await stores.make(kind);
  const store = await openStore(place.config);
  try {
    const tenant = await createTenant(store.pool, { id: 'bench', name: 'Bench' });
    const account = { system: 'hubspot', name: 'Portal', accountId: '1' };
    const { id } = await saveConnection(store.pool, tenant, store.keys, account, null);
    const paces = Array.from(
      { length: WORKERS },
      (_, index) => new SharedPace(store.pool, id, { general: HUBSPOT }, `worker${index}`),
    );
    const measurement = await measureOne('pace.shared', kind, calls, paces);
    for (const one of paces) await one.close();
    return measurement;
  } finally {
    await store.close();
    await place.remove();
  }
}

/** @throws where the CRM refused a single call */
async function measureOne(
  name: string,
  store: Measurement['store'],
  calls: number,
  paces: Pace[],
): Promise<Measurement> {
  const sandbox = await startSandboxProcess({ contacts: 10, only: 'hubspot' });
  if (!sandbox.hubspot) throw new Error('no HubSpot in the sandbox');
  const { url, install } = sandbox.hubspot;
  const { signal } = new AbortController();
  let left = calls;
  let refused = 0;
  const caller = async (own: Pace) => {
    while (left > 0) {
      left -= 1;
      await own.take('general', 1, signal);
      const response = await fetch(`${url}/crm/objects/2026-03/contacts?limit=1`, {
        headers: { authorization: `Bearer ${install.accessToken}` },
      });
      await response.arrayBuffer();
      own.answered('general');
      if (response.status !== 200) refused += 1;
    }
  };
  try {
    const start = performance.now();
    await Promise.all(paces.flatMap((own) => Array.from({ length: CALLERS }, () => caller(own))));
    const seconds = (performance.now() - start) / 1_000;
    if (refused > 0) throw new Error(`${refused} of ${calls} calls were refused`);
    const windows = Math.ceil(calls / HUBSPOT.permits) - 1;
    return measured({
      name,
      size: calls,
      store,
      value: seconds,
      unit: 's',
      against: (windows * HUBSPOT.windowMs) / 1_000,
      note: `${windows} windows, ${paces.length} worker${paces.length > 1 ? 's' : ''}, none refused; target ${((1.05 * windows * HUBSPOT.windowMs) / 1_000 + 1).toFixed(1)} s`,
    });
  } finally {
    await sandbox.stop();
  }
}
