import { type CheckFence, withLeases } from '../src/pipeline/with-leases.ts';
import type { Tenant } from '../src/store/tenant.ts';
import type { JobContext } from './index.ts';

/** How soon to look again where another worker is at it; it may have died. */
const BUSY_MS = 5_000;

/** What two workers must not do for one tenant at the same moment: the second comes again a little later. */
export async function oneAtATime(
  { pool, log }: Pick<JobContext, 'pool' | 'log'>,
  tenant: Tenant,
  name: string,
  work: (checkFence: CheckFence) => Promise<{ againInMs: number } | undefined>,
): Promise<{ againInMs: number } | undefined> {
  const on = { pool, tenant, log: log.child({ tenant: tenant.id }) };
  const done = await withLeases(on, [name], async (checkFence) => ({ next: await work(checkFence) }));
  return done === null ? { againInMs: BUSY_MS } : done.next;
}
