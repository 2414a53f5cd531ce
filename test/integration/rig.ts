import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { connectionOpener } from '../../jobs/connections.ts';
import type { FaultPlan } from '../../sandbox/faults.ts';
import { type HubspotOptions, type HubspotSandbox, startHubspot } from '../../sandbox/hubspot/index.ts';
import {
  type SalesforceOptions,
  type SalesforceSandbox,
  type SalesforceSeed,
  startSalesforce,
} from '../../sandbox/salesforce/index.ts';
import type { CrmSeed } from '../../sandbox/seed.ts';
import type { RunOptions } from '../../src/model/run-options.ts';
import { connectAccount } from '../../src/pipeline/connection/connect.ts';
import { applySegmentations } from '../../src/pipeline/publish/publish.ts';
import { releaseTargets } from '../../src/pipeline/publish/release.ts';
import { type Check, checkConnection } from '../../src/pipeline/push/check.ts';
import { beginUndo, type UndoRequest } from '../../src/pipeline/push/undo.ts';
import { undoSlice } from '../../src/pipeline/push/undo-slice.ts';
import { type Advanced, advanceRun, type ConnectionOpener } from '../../src/pipeline/run.ts';
import { withLeases } from '../../src/pipeline/with-leases.ts';
import type { Segmentation } from '../../src/segmentation/definition.ts';
import { getConnection, listConnections } from '../../src/store/connections.ts';
import { pushLease } from '../../src/store/lease.ts';
import type { Pool } from '../../src/store/pool.ts';
import { type Run, type RunKind, requestRun } from '../../src/store/runs.ts';
import { type Keyring, keyring } from '../../src/store/secrets.ts';
import { listTargets, type TargetRow } from '../../src/store/targets.ts';
import { createTenant, type Tenant } from '../../src/store/tenant.ts';
import type { TestDatabase } from '../database.ts';
import {
  type CrmState,
  hubspotSource,
  hubspotState,
  salesforceSource,
  salesforceState,
} from './crm-state.ts';
import { AS_OF, type Customer, habits, hubspotShop, salesforceShop, spend } from './shop.ts';
import { withoutPace } from './without-pace.ts';

const NO_LIMITS: HubspotOptions['limits'] = {
  perTenSeconds: Number.POSITIVE_INFINITY,
  searchPerSecond: Number.POSITIVE_INFINITY,
};

export type RunRequest = {
  asOf?: Date;
  kind?: RunKind;
  options?: RunOptions;
  /** Called after each slice. */
  onSlice?: (advanced: Advanced) => unknown;
  /** The run may end otherwise than done. */
  mayFail?: boolean;
  /** Waits that a real worker would sit out are cut to nothing, unless this is false. */
  hurry?: boolean;
};

/** What a process works with; a test of kills puts a pool and connections of its own in. */
export type Doing = {
  pool: Pool;
  openConnections: ConnectionOpener;
  signal: AbortSignal;
  leaseMs?: number;
  sliceMs?: number;
};

export type Rig = {
  pool: Pool;
  tenant: Tenant;
  keys: Keyring;
  hubspot: HubspotSandbox;
  salesforce: SalesforceSandbox;
  /** Connection ids by system. */
  ids: { hubspot: string; salesforce: string };
  openConnections: ConnectionOpener;
  connect(system: 'hubspot' | 'salesforce', mode?: 'production' | 'test'): Promise<string>;
  publish(...definitions: Segmentation[]): Promise<void>;
  release(which?: 'all' | string[]): Promise<TargetRow[]>;
  targets(system: 'hubspot' | 'salesforce'): Promise<TargetRow[]>;
  /** Queues a run and advances it to its end. */
  run(request?: RunRequest): Promise<Run>;
  /** Advances a run to its end. */
  finish(runId: string, request?: RunRequest, doing?: Doing): Promise<Run>;
  state(system: 'hubspot' | 'salesforce'): CrmState;
  check(system: 'hubspot' | 'salesforce', asOf?: Date): Promise<Check>;
  /** Takes back what was written, to the end. */
  undo(request: UndoRequest): Promise<Record<string, number>>;
  /** Writes that the CRM has counted so far. */
  writes(system: 'hubspot' | 'salesforce'): number;
  faults(system: 'hubspot' | 'salesforce', plan: FaultPlan): void;
  /** Gives the tenant another policy from now on. */
  policy(change: Partial<Tenant['policy']>): void;
  stop(): Promise<void>;
};

export type RigOptions = {
  hubspot?: CrmSeed | undefined;
  salesforce?: SalesforceSeed | undefined;
  hubspotOptions?: Omit<HubspotOptions, 'seed'>;
  salesforceOptions?: Omit<SalesforceOptions, 'seed'>;
  /** Our own pace as in real life; else calls do not wait, as neither CRM here has limits. */
  isPaced?: boolean;
};

let tenants = 0;

/**
 * A tenant of its own in this database, with the stand-in CRMs that have a seed, in this process over HTTP. A CRM
 * without a seed is there too, and empty; connect() connects.
 */
export async function openRig(database: TestDatabase, options: RigOptions): Promise<Rig> {
  tenants += 1;
  const { pool } = database;
  const tenant = await createTenant(pool, { id: `rig${tenants}`, name: 'Rig' });
  const [hubspot, salesforce] = await Promise.all([
    startHubspot({ seed: options.hubspot, limits: NO_LIMITS, ...options.hubspotOptions }),
    startSalesforce({
      seed: options.salesforce,
      dailyCalls: 1_000_000_000,
      bulk: { delayMs: 5 },
      ...options.salesforceOptions,
    }),
  ]);
  const crms = { hubspot, salesforce };
  const keys = keyring(randomBytes(32));
  const log = pino({ level: process.env.TEST_LOG ?? 'silent' });
  const real = connectionOpener({
    pool,
    keys,
    apps: { hubspot: hubspot.app, salesforce: salesforce.app },
    log,
  });
  const openConnections = options.isPaced ? real : withoutPace(real);
  const ids = { hubspot: '', salesforce: '' };

  const finish: Rig['finish'] = async (
    runId,
    { onSlice, mayFail = false, hurry = true } = {},
    doing = { pool, openConnections, signal: new AbortController().signal },
  ) => {
    for (let slice = 0; slice < 2_000; slice += 1) {
      const advanced = await advanceRun({ ...doing, tenant, runId, log });
      await onSlice?.(advanced);
      if (advanced.state === 'ended') {
        if (advanced.run.state !== 'done' && !mayFail)
          throw new Error(`run ${runId} ended as ${advanced.run.state}: ${advanced.run.reason?.message}`);
        return advanced.run;
      }
      if (advanced.waitMs > 0 && hurry) {
        await pool.query(`update ${tenant.schema}.run set not_before = null where id = $1`, [runId]);
        await sleep(Math.min(advanced.waitMs, 20));
      } else if (advanced.waitMs > 0) await sleep(advanced.waitMs);
    }
    throw new Error(`run ${runId} does not end`);
  };

  return {
    pool,
    tenant,
    keys,
    hubspot,
    salesforce,
    ids,
    openConnections,
    connect: async (system, mode) => {
      const secret =
        system === 'hubspot'
          ? { ...tokens(hubspot.issueInstall()), apiUrl: hubspot.url }
          : { ...tokens(salesforce.issueInstall()), apiUrl: salesforce.url };
      const { connection } = await connectAccount(
        { pool, tenant, keys, log },
        {
          system,
          config: system === 'hubspot' ? { apiUrl: hubspot.url } : { loginUrl: salesforce.url },
          secret,
          app: crms[system].app,
          ...(mode && { mode }),
        },
      );
      ids[system] = connection.id;
      return connection.id;
    },
    publish: async (...definitions) => {
      await applySegmentations(pool, tenant, definitions, { by: 'test' });
    },
    release: (which = 'all') => releaseTargets(pool, tenant, which, 'test'),
    targets: (system) => listTargets(pool, tenant, { connectionId: ids[system] }),
    run: async ({ asOf = AS_OF, kind = 'full', options: runOptions, ...rest } = {}) => {
      const { run } = await requestRun(pool, tenant, {
        kind,
        asOf,
        ...(runOptions && { options: runOptions }),
        requestedBy: 'test',
      });
      return finish(run.id, rest);
    },
    finish,
    state: (system) =>
      system === 'hubspot' ? hubspotState(hubspot.admin) : salesforceState(salesforce.admin),
    check: (system, asOf = AS_OF) =>
      checkConnection(
        pool,
        tenant,
        ids[system],
        system === 'hubspot' ? hubspotSource(hubspot.admin) : salesforceSource(salesforce.admin),
        asOf,
      ),
    undo: async (request) => {
      await beginUndo(pool, tenant, request, 'test');
      const connections = openConnections({ tenant, asOf: AS_OF, signal: new AbortController().signal });
      const inUse = await listConnections(pool, tenant);
      const undone = await withLeases(
        { pool, tenant, log },
        inUse.map(({ id }) => pushLease(id)),
        (checkFence) =>
          undoSlice(
            {
              pool,
              tenant,
              run: { id: '0', asOf: AS_OF, options: {}, pins: {} },
              connections: inUse,
              openConnection: (id) => connections.open(id),
              checkFence,
              deadline: performance.now() + 60_000,
              signal: new AbortController().signal,
              log,
            },
            request,
          ),
      );
      await connections.close();
      if (!undone) throw new Error('somebody else pushes');
      return undone.counts;
    },
    writes: (system) => crms[system].journal.totals().writes,
    faults: (system, plan) => crms[system].faults.replace(plan),
    policy: (change) => void Object.assign(tenant.policy, change),
    stop: async () => {
      await Promise.all([hubspot.stop(), salesforce.stop()]);
    },
  };
}

const tokens = (install: { accessToken: string; refreshToken: string; expiresIn?: number }) => ({
  accessToken: install.accessToken,
  refreshToken: install.refreshToken,
  expiresAt:
    install.expiresIn === undefined ? null : new Date(Date.now() + install.expiresIn * 1000).toISOString(),
});

export const stateOf = async (rig: Rig, system: 'hubspot' | 'salesforce') =>
  (await getConnection(rig.pool, rig.tenant, rig.ids[system])).state;

/** A rig whose CRMs hold these customers, connected, with labels written. */
export async function writtenRig(
  database: TestDatabase,
  options: {
    people: Customer[];
    systems?: readonly ('hubspot' | 'salesforce')[];
    definitions?: Segmentation[];
  } & Omit<RigOptions, 'hubspot' | 'salesforce'>,
): Promise<Rig> {
  const { people, systems = ['hubspot'], definitions = [spend(), habits], ...rest } = options;
  const rig = await openRig(database, {
    ...(systems.includes('hubspot') && { hubspot: hubspotShop(people) }),
    ...(systems.includes('salesforce') && { salesforce: salesforceShop(people) }),
    ...rest,
  });
  for (const system of systems) await rig.connect(system);
  await rig.publish(...definitions);
  rig.policy({ pilot: 'off' });
  await rig.release();
  await rig.run();
  return rig;
}
