import type { Logger } from 'pino';
import type { Connector, Context, Json } from '../../connectors/contract.ts';
import type { RunOptions } from '../model/run-options.ts';
import type { Pool } from '../store/pool.ts';
import type { SuppressionKey } from '../store/suppressions.ts';
import type { Tenant } from '../store/tenant.ts';
import type { CheckFence } from './with-leases.ts';

/** A connection as stages see it: what is stored of it, and the connector with its context ready to call. */
export type OpenConnection = {
  id: string;
  system: string;
  name: string;
  mode: 'production' | 'test';
  rank: number;
  config: Record<string, unknown>;
  connector: Connector;
  context: Context;
  /** Ends our right to call, for good; absent where there is none to end. */
  revoke?: () => Promise<void>;
};

/** One run, with the one instant and the versions that all its stages use. */
export type RunScope = {
  id: string;
  asOf: Date;
  options: RunOptions;
  /** segmentation -> versions in force for this run */
  pins: Record<string, { definition: number; model: number | null }>;
};

export type StageContext = {
  pool: Pool;
  tenant: Tenant;
  run: RunScope;
  /** Connections that are in use, in order of rank (best first). */
  connections: { id: string; system: string; mode: 'production' | 'test'; rank: number }[];
  openConnection(id: string): Promise<OpenConnection>;
  /** Throws FenceError where this worker's lease was taken over. Call it inside the transaction that writes. */
  checkFence: CheckFence;
  /** How long a lease that the stage takes itself lasts without being renewed; the usual time where left out. */
  leaseMs?: number | undefined;
  /** The key that tells who was erased; a page can't be stored without it once anybody was. */
  suppressionKey?: (() => Promise<SuppressionKey>) | undefined;
  /** performance.now() after which the slice should return; it may overrun by one unit of work. */
  deadline: number;
  signal: AbortSignal;
  log: Logger;
};

export type SliceResult = {
  position: Json;
  done: boolean;
  /** Added to the run's counts of this stage. */
  counts: Record<string, number>;
  /** Come back after this many milliseconds. */
  waitMs?: number;
  /** Why it waits, where people should know. */
  because?: { code: string; message: string; action: string };
};

/** At most 5 s of one stage's work: commits as it goes, safe to repeat, safe to kill. */
export type Stage = (work: StageContext, position: Json) => Promise<SliceResult>;
