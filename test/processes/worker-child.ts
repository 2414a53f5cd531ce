import { z } from 'zod';
import { openApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { createLog } from '../../src/log.ts';

/** A worker whose times are shorter than usual; they are given as JSON in the first argument. */
const Times = z.strictObject({ sliceMs: z.number(), leaseMs: z.number(), lockMs: z.number() });

const config = readConfig();
const log = createLog({ level: config.logLevel });
const app = await openApp(config, log);
const worker = await app.startWorker(Times.parse(JSON.parse(process.argv[2] ?? '')));
process.once('SIGTERM', async () => {
  await worker.close();
  await app.close();
  log.info('stopped');
});
log.info('started');
