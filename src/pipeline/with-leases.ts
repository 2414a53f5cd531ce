import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import {
  askForLease,
  checkFence,
  type Lease,
  releaseLease,
  renewLease,
  takeLease,
  thankForLease,
} from '../store/lease.ts';
import { type Pool, type PoolClient, type Queryable, transaction } from '../store/pool.ts';
import type { Tenant } from '../store/tenant.ts';

/** A worker that did not renew its leases for this long is taken for dead, and they may be taken over. */
const LEASE_MS = 30_000;
/** A lease that was asked for is left alone for this long; whoever asked asks again meanwhile. */
const ASKED_MS = 1_000;

/** Throws FenceError where this worker's lease was taken over. Call it inside the transaction that writes. */
export type CheckFence = (client: Queryable) => Promise<void>;

/**
 * Holds all of these leases while `work` goes on; null where somebody else has one of them. Each call is a holder of
 * its own. A call to a CRM may take longer than a lease, so they are renewed as long as this process runs. `asks`:
 * long runs that push should give way, as what is to be done is little or somebody waits for it.
 */
export async function withLeases<T>(
  on: { pool: Pool; tenant: Tenant; log: Logger },
  names: readonly string[],
  work: (checkFence: CheckFence) => Promise<T>,
  { lengthMs = LEASE_MS, asks = false }: { lengthMs?: number | undefined; asks?: boolean } = {},
): Promise<T | null> {
  const { pool, tenant, log } = on;
  const holder = randomUUID();
  const held: Lease[] = [];
  const renewing = setInterval(() => {
    Promise.all(held.map((lease) => renewLease(pool, tenant, lease, lengthMs))).catch((error: unknown) =>
      log.warn({ err: error, leases: names }, 'leases could not be renewed; another worker may take over'),
    );
  }, lengthMs / 3);
  try {
    for (const name of names) {
      const lease = await takeLease(pool, tenant, { name, holder, lengthMs });
      if (!lease) {
        if (asks) for (const wanted of names) await askForLease(pool, tenant, wanted, ASKED_MS);
        return null;
      }
      held.push(lease);
    }
    if (asks) for (const name of names) await thankForLease(pool, tenant, name);
    return await work(async (client) => {
      for (const lease of held) await checkFence(client, tenant, lease);
    });
  } finally {
    clearInterval(renewing);
    for (const lease of held) await releaseLease(pool, tenant, lease);
  }
}

/**
 * One transaction that is only made while this worker holds its leases: they can't be taken over before it ends.
 * @throws FenceError where they were taken over before; nothing was written then
 */
export function fenced<T>(
  on: { pool: Pool; checkFence: CheckFence },
  write: (client: PoolClient) => Promise<T>,
): Promise<T> {
  return transaction(on.pool, async (client) => {
    await on.checkFence(client);
    return await write(client);
  });
}
