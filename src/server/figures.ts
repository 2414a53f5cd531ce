import type { JobQueue } from '../../jobs/backend.ts';
import type { Pool } from '../store/pool.ts';
import { countRuns } from '../store/runs.ts';
import { listTenants } from '../store/tenant.ts';

/** What /metrics shows beside the process's own figures. */
export async function figures(pool: Pool, queue: JobQueue): Promise<Record<string, number>> {
  const tenants = await listTenants(pool);
  const all: Record<string, number> = { tenants: tenants.length };
  for (const tenant of tenants) {
    for (const [state, count] of Object.entries(await countRuns(pool, tenant))) {
      all[`runs_${state}`] = (all[`runs_${state}`] ?? 0) + count;
    }
  }
  const jobs = await queue.getJobCounts('waiting', 'active', 'delayed');
  for (const [state, count] of Object.entries(jobs)) all[`jobs_${state}`] = count;
  return all;
}
