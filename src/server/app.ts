import express, { type Express } from 'express';
import { healthRoutes, type Probe } from './health.ts';
import { metricsRoute } from './metrics.ts';

/** What the server needs of the rest; nothing here opens or closes it. */
export type ServerParts = {
  /** Each answers or rejects within its own time: the database, the queue. */
  probes: Record<string, Probe>;
  metrics: () => Promise<Record<string, number>>;
};

/** Builds the app; main.ts listens. */
export function createServerApp(parts: ServerParts): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(healthRoutes(parts.probes));
  app.use(metricsRoute(parts.metrics));
  return app;
}
