import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { type App, openApp } from './app.ts';
import { readConfig } from './config.ts';
import { ConfigError, toAppError } from './errors.ts';
import { createLog } from './log.ts';
import { createServerApp } from './server/app.ts';
import { figures } from './server/figures.ts';
import { offerFirstSignIn } from './server/first-sign-in.ts';
import { webFiles } from './server/web-files.ts';

/** The whole time that a stop may take; slices end well within it. */
const DRAIN_MS = 10_000;
const ROLES = ['all', 'web', 'worker'] as const;
type Role = (typeof ROLES)[number];

/** Starts the web process, a worker, or both, and stops them on SIGTERM and SIGINT. */
export async function main(argument: string | undefined): Promise<void> {
  const config = readConfig();
  const role = roleOf(argument);
  if (role !== 'all' && !config.databaseUrl) {
    throw new ConfigError(
      'needs_server',
      `"${role}" alone needs a Postgres server: the embedded one has one process.`,
      {
        action: 'Set DATABASE_URL, or use `npm start`, which runs both in one process.',
      },
    );
  }
  const log = createLog({ level: config.logLevel });
  endOnFault(log);
  // Before anything that may be traced; nothing of it is loaded where nobody asked for traces.
  const stopTracing =
    config.tracesUrl === undefined
      ? undefined
      : (await import('./server/tracing.ts')).startTracing(config.tracesUrl, role);
  const app = await openApp(config, log);
  void app.store.stopped.then((error) => {
    log.fatal(
      { err: error, action: error.action },
      'the store stopped; what was under way goes on at the next start',
    );
    process.exit(1);
  });
  let worker: Awaited<ReturnType<App['startWorker']>> | undefined;
  let server: Server | undefined;
  try {
    if (role !== 'web') worker = await app.startWorker();
    if (role !== 'worker') server = await listen(app);
    stopOnSignal(log, async () => {
      server?.closeAllConnections();
      server?.close();
      await worker?.close();
      await app.close();
      await stopTracing?.();
    });
    if (server) await offerFirstSignIn(app);
    log.info({ role, store: app.store.pool.kind, queue: app.backend.kind }, 'started');
  } catch (error) {
    // Either would keep the process alive.
    server?.close();
    await worker?.close();
    await app.close();
    throw error;
  }
}

function roleOf(argument: string | undefined): Role {
  const role = ROLES.find((known) => known === (argument ?? 'all'));
  if (role) return role;
  throw new ConfigError('role_unknown', `There is no part of the program called "${argument}".`, {
    action: `Start one of ${ROLES.join(', ')}.`,
  });
}

/** Serves the workspace and the API until the server is closed. @throws ConfigError where the port is taken */
export async function listen(app: App): Promise<Server> {
  const { config, log } = app;
  const publicUrl = config.publicUrl ?? `http://localhost:${config.port}`;
  const express = createServerApp(
    {
      ...app,
      publicUrl,
      probes: {
        store: async () => void (await app.store.pool.query('select 1')),
        queue: () => app.backend.ping(),
      },
      metrics: () => figures(app.store.pool, app.backend.queue),
    },
    webFiles(log),
  );
  return await new Promise((resolve, reject) => {
    const server = express.listen(config.port, config.host, (error?: Error) => {
      if (error) {
        reject(
          new ConfigError(
            'port_taken',
            `Port ${config.port} on ${config.host} can't be used: ${error.message}`,
            {
              action: 'Set PORT to a free one.',
              cause: error,
            },
          ),
        );
        return;
      }
      const { port } = server.address() as AddressInfo;
      log.info({ url: `http://${config.host}:${port}` }, 'listening');
      resolve(server);
    });
  });
}

/** What nobody caught ends the process, as it would by itself; but Node would print all that the error holds. */
function endOnFault(log: Logger): void {
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'ended by an error that nobody expected; what was saved is safe');
    process.exit(1);
  });
}

/** SIGTERM and SIGINT stop once; a second one, or too long a stop, ends the process at once. */
function stopOnSignal(log: Logger, stop: () => Promise<void>): void {
  let isStopping = false;
  const onSignal = (signal: NodeJS.Signals) => {
    if (isStopping) process.exit(1);
    isStopping = true;
    log.info({ signal }, 'stopping');
    const late = setTimeout(() => {
      log.error('the stop took too long; what was under way goes on at the next start');
      process.exit(1);
    }, DRAIN_MS - 500);
    stop().then(
      () => {
        clearTimeout(late);
        log.info('stopped');
        process.exit(0);
      },
      (error: unknown) => {
        log.error({ err: error }, 'the stop failed; what was under way goes on at the next start');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

if (import.meta.main) {
  main(process.argv[2]).catch((error: unknown) => {
    const known = toAppError(error);
    process.stderr.write(`${known.message}\n${known.action}\n`);
    process.exit(1);
  });
}
