import { once } from 'node:events';
import { z } from 'zod';
import { openApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { createLog } from '../../src/log.ts';

/** A worker whose times are shorter than usual; they are given as JSON in the first argument. */
const Times = z.strictObject({ sliceMs: z.number(), leaseMs: z.number(), lockMs: z.number() });
const Given = Times.extend({ waits: z.boolean().default(false) });

const { waits, ...times } = Given.parse(JSON.parse(process.argv[2] ?? ''));
const config = readConfig();
const log = createLog({ level: config.logLevel });
const app = await openApp(config, log);
if (waits) {
  const told = once(process, 'SIGUSR2');
  // A signal alone keeps no process.
  const staying = setInterval(() => undefined, 1_000);
  log.info('waits');
  await told;
  clearInterval(staying);
}
const worker = await app.startWorker(times);
process.once('SIGTERM', async () => {
  await worker.close();
  await app.close();
  log.info('stopped');
});
log.info('started');
