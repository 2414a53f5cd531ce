import { FenceError } from '../errors.ts';
import type { Pool, Queryable } from './pool.ts';
import type { Tenant } from './tenant.ts';

/** The right to write, for a while. The fence grows with every change of hands. */
export type Lease = { name: string; holder: string; fence: string };

/** The right to write to one connection. */
export const pushLease = (connectionId: string): string => `push ${connectionId}`;

/** The right to listen to one connection. */
export const listenLease = (connectionId: string): string => `listen ${connectionId}`;

/**
 * Takes the lease if it is free, expired, or already this holder's; null where somebody else has it.
 * A holder is one attempt at one slice, so that a worker that slept through its time can't take it for its own.
 */
export async function takeLease(
  pool: Pool,
  tenant: Tenant,
  lease: { name: string; holder: string; lengthMs: number },
): Promise<Lease | null> {
  const { rows } = await pool.query<{ fence: string }>(
    `insert into ${tenant.schema}.lease as held (name, holder, fence, expires_at)
     values ($1, $2, 1, clock_timestamp() + $3 * interval '1 millisecond')
     on conflict (name) do update
       set holder = excluded.holder, fence = held.fence + 1, expires_at = excluded.expires_at
       where held.holder = excluded.holder or held.expires_at < clock_timestamp()
     returning fence`,
    [lease.name, lease.holder, lease.lengthMs],
  );
  const row = rows[0];
  return row ? { name: lease.name, holder: lease.holder, fence: row.fence } : null;
}

/**
 * Locks the lease row for the transaction, so that nobody can take the lease before it ends.
 * @throws FenceError where it was taken over meanwhile.
 */
export async function checkFence(client: Queryable, tenant: Tenant, lease: Lease): Promise<void> {
  const { rows } = await client.query(
    `select 1 from ${tenant.schema}.lease where name = $1 and holder = $2 and fence = $3 for share`,
    [lease.name, lease.holder, lease.fence],
  );
  if (rows.length > 0) return;
  throw new FenceError('lease_lost', `Another worker took over ${lease.name} while this one was away.`, {
    action: 'Nothing to do: the other worker goes on, and nothing of this one was written.',
    retryable: true,
  });
}

/**
 * Prolongs the lease; without effect where it was taken over. A holder that lives does this while it works, so
 * that only one that died or was stopped loses it.
 */
export async function renewLease(pool: Pool, tenant: Tenant, lease: Lease, lengthMs: number): Promise<void> {
  await pool.query(
    `update ${tenant.schema}.lease set expires_at = clock_timestamp() + $4 * interval '1 millisecond'
     where name = $1 and holder = $2 and fence = $3`,
    [lease.name, lease.holder, lease.fence, lengthMs],
  );
}

/** Gives the lease back; the row and its fence stay. */
export async function releaseLease(pool: Pool, tenant: Tenant, lease: Lease): Promise<void> {
  await pool.query(
    `update ${tenant.schema}.lease set expires_at = '-infinity', holder = ''
     where name = $1 and holder = $2 and fence = $3`,
    [lease.name, lease.holder, lease.fence],
  );
}

/** Whoever has only little to do asks for a lease that is held: its holder gives way at the next safe point. */
export async function askForLease(pool: Pool, tenant: Tenant, name: string, lengthMs: number): Promise<void> {
  await takeLease(pool, tenant, { name: asked(name), holder: 'asked', lengthMs });
}

export const isLeaseAskedFor = (pool: Pool, tenant: Tenant, name: string): Promise<boolean> =>
  isLeaseHeld(pool, tenant, asked(name));

export async function isLeaseHeld(pool: Pool, tenant: Tenant, name: string): Promise<boolean> {
  const { rows } = await pool.query(
    `select 1 from ${tenant.schema}.lease where name = $1 and expires_at > clock_timestamp()`,
    [name],
  );
  return rows.length > 0;
}

/** It was given, and nobody has to give way any more. */
export async function thankForLease(pool: Pool, tenant: Tenant, name: string): Promise<void> {
  await pool.query(`update ${tenant.schema}.lease set expires_at = '-infinity' where name = $1`, [
    asked(name),
  ]);
}

const asked = (name: string) => `${name} asked`;
