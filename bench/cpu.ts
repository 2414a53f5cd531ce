import { readdir, readFile } from 'node:fs/promises';
import type { Pool } from '../src/store/pool.ts';

/** What Linux counts CPU time in, a second; fixed at 100 for programs. */
const TICKS = 100;

/** Seconds of CPU that this process has used so far, an embedded store in it. */
export function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
}

/**
 * Seconds of CPU that a store outside this process has used so far, with all its processes: 0 for an embedded one,
 * null for a server that is elsewhere or not on Linux.
 */
export async function storeCpuSeconds(pool: Pool): Promise<number | null> {
  if (pool.kind === 'embedded') return 0;
  const { rows } = await pool.query<{ pid: number }>('select pg_backend_pid() as pid');
  const backend = rows[0] && (await statOf(rows[0].pid));
  const server = backend && (await statOf(backend.parent));
  if (!server) return null;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const workers = (await Promise.all(pids.map(statOf))).filter((stat) => stat?.parent === backend.parent);
  // Those that have ended are in the server's own account.
  return server.own + server.ended + workers.reduce((sum, stat) => sum + (stat?.own ?? 0), 0);
}

async function cpuSeconds(pool: Pool): Promise<number | null> {
  const store = await storeCpuSeconds(pool);
  return store === null ? null : store + ownCpuSeconds();
}

/** What work took: seconds by the clock, and of CPU, null where nobody can tell. */
export type Took = { seconds: number; cpu: number | null };

/** What is compared: CPU, which other programs on the machine leave alone; by the clock where it is not known. */
export const costOf = ({ seconds, cpu }: Took): number => cpu ?? seconds;

/** The unit of `costOf`. */
export const costUnit = ({ cpu }: Took): string => (cpu === null ? 's' : 's of CPU');

/** Carries out work and answers what it took. */
export async function timed<T>(pool: Pool, work: () => Promise<T>): Promise<Took & { result: T }> {
  const before = await cpuSeconds(pool);
  const start = performance.now();
  const result = await work();
  const seconds = (performance.now() - start) / 1_000;
  const after = await cpuSeconds(pool);
  return { result, seconds, cpu: before === null || after === null ? null : after - before };
}

type Stat = { parent: number; own: number; ended: number };

/** proc(5), stat: after the name in brackets, the parent is 4, user and system time 14 and 15, those of ended children 16 and 17. */
async function statOf(pid: number): Promise<Stat | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (text === null) return null;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const at = (number: number) => Number(fields[number - 3]);
  return { parent: at(4), own: (at(14) + at(15)) / TICKS, ended: (at(16) + at(17)) / TICKS };
}
