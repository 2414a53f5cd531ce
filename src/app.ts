import type { Logger } from 'pino';
import { openQueueBackend, type QueueBackend } from '../jobs/backend.ts';
import { connectionOpener } from '../jobs/connections.ts';
import type { RunningWorker, WorkerTimes } from '../jobs/worker.ts';
import type { Config } from './config.ts';
import type { ConnectionOpener } from './pipeline/run.ts';
import { openStore, type Store } from './store/open.ts';
import { type SuppressionKey, suppressionKey } from './store/suppressions.ts';

/** The parts of the program, opened and wired; the web process, the worker and the command line stand on them. */
export type App = {
  config: Config;
  store: Store;
  backend: QueueBackend;
  openConnections: ConnectionOpener;
  log: Logger;
  startWorker(times?: WorkerTimes): Promise<RunningWorker>;
  close(): Promise<void>;
};

/** Opens the store and the queue. @throws ConfigError where either can't be used; nothing is left open then. */
export async function openApp(config: Config, log: Logger): Promise<App> {
  const store = await openStore(config);
  try {
    const backend = await openQueueBackend({
      pool: store.pool,
      databaseUrl: config.databaseUrl,
      redis: config.redis,
      isTraced: config.tracesUrl !== undefined,
      onError: (error) => log.error({ err: error }, 'queue connection error'),
    });
    const openConnections = connectionOpener({
      pool: store.pool,
      keys: store.keys,
      apps: { hubspot: config.hubspot.app ?? undefined, salesforce: config.salesforce.app ?? undefined },
      log,
    });
    let key: Promise<SuppressionKey> | undefined;
    const suppressions = () => {
      key ??= suppressionKey(store.pool, store.keys).catch((error: unknown) => {
        key = undefined;
        throw error;
      });
      return key;
    };
    return {
      config,
      store,
      backend,
      openConnections,
      log,
      startWorker: async (times) => {
        // Most commands need none, and it brings everything that a job may do.
        const { startWorker } = await import('../jobs/worker.ts');
        return await startWorker({
          pool: store.pool,
          backend,
          openConnections,
          suppressionKey: suppressions,
          notify: {
            config,
            keys: store.keys,
            log,
            publicUrl: config.publicUrl ?? `http://localhost:${config.port}`,
          },
          concurrency: config.workerConcurrency,
          log,
          times,
        });
      },
      close: async () => {
        await backend.close();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}
