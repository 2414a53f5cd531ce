/**
 * A process that takes the run under way to its end, or begins one, on the embedded store in a folder; says each
 * stage before it works on it. Its HubSpot is at the address it is given, without limits.
 */
import { pino } from 'pino';
import { connectionOpener } from '../../jobs/connections.ts';
import { advanceRun } from '../../src/pipeline/run.ts';
import { openStore } from '../../src/store/open.ts';
import { activeRun, requestRun } from '../../src/store/runs.ts';
import { getTenant } from '../../src/store/tenant.ts';
import { AS_OF } from './shop.ts';
import { withoutPace } from './without-pace.ts';

const [dataDir = '', tenantId = '', clientId = '', clientSecret = ''] = process.argv.slice(2);
const say = (line: string) => process.stdout.write(`${line}\n`);

const store = await openStore({
  databaseUrl: undefined,
  dataDir,
  encryptionKey: undefined,
  oldEncryptionKeys: [],
});
const { pool, keys } = store;
const tenant = await getTenant(pool, tenantId);
const log = pino({ level: 'silent' });
const run =
  (await activeRun(pool, tenant)) ??
  (await requestRun(pool, tenant, { asOf: AS_OF, requestedBy: 'child' })).run;
const openConnections = withoutPace(
  connectionOpener({ pool, keys, apps: { hubspot: { clientId, clientSecret } }, log }),
);
say(`stage ${run.stage}`);
for (;;) {
  const advanced = await advanceRun({
    pool,
    tenant,
    runId: run.id,
    openConnections,
    signal: new AbortController().signal,
    log,
    sliceMs: 50,
    leaseMs: 500,
  });
  if (advanced.state === 'ended') {
    say(advanced.run.state);
    break;
  }
  if (advanced.moved) say(`stage ${advanced.run.stage}`);
  if (advanced.waitMs > 0) await new Promise((resolve) => setTimeout(resolve, advanced.waitMs));
}
await store.close();
