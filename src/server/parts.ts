import type { App } from '../app.ts';
import type { Probe } from './health.ts';

/** What the server needs of the rest; nothing in src/server opens or closes it. */
export type ServerParts = Pick<App, 'config' | 'store' | 'backend' | 'openConnections' | 'log'> & {
  /** Where browsers and CRMs reach us, without a slash at the end. */
  publicUrl: string;
  /** Each answers or rejects within its own time: the database, the queue. */
  probes: Record<string, Probe>;
  /** How often open streams are looked after; the usual 15 s where left out. */
  heartbeatMs?: number;
  metrics: () => Promise<Record<string, number>>;
  /** No limits on requests: for measurements. */
  isUnlimited?: boolean;
};
