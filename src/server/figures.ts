import type { JobQueue } from '../../jobs/backend.ts';
import type { Pool } from '../store/pool.ts';
import { listTenants } from '../store/tenant.ts';
import { tenantFigures } from '../store/tenant-figures.ts';

/** What /metrics shows beside the process's own figures: sums over all tenants, the oldest of ages. */
export async function figures(pool: Pool, queue: JobQueue): Promise<Record<string, number>> {
  const tenants = await listTenants(pool);
  const all: Record<string, number> = {
    tenants: tenants.length,
    connections_needs_you: 0,
    refused_rows: 0,
    held_targets: 0,
    oldest_run_seconds: 0,
    longest_still_run_seconds: 0,
  };
  const add = (name: string, count: number) => {
    all[name] = (all[name] ?? 0) + count;
  };
  const widen = (name: string, age: number) => {
    all[name] = Math.max(all[name] ?? 0, age);
  };
  for (const tenant of tenants) {
    const one = await tenantFigures(pool, tenant);
    for (const [state, count] of Object.entries(one.runs)) add(`runs_${state}`, count);
    for (const [state, count] of Object.entries(one.connections)) add(`connections_${state}`, count);
    add('refused_rows', one.refused);
    add('held_targets', one.held);
    widen('oldest_run_seconds', one.oldestRun);
    widen('longest_still_run_seconds', one.longestStill);
  }
  const jobs = await queue.getJobCounts('waiting', 'active', 'delayed');
  for (const [state, count] of Object.entries(jobs)) all[`jobs_${state}`] = count;
  return all;
}
