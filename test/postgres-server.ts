import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';

const run = promisify(execFile);
const VERSIONS = '/usr/lib/postgresql';

/** The folder of the newest Postgres programs on this machine, or null. */
export function postgresPrograms(): string | null {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS).map(Number) : [];
  const newest = versions.filter((version) => version >= 15).sort((a, b) => b - a)[0];
  const folder = join(VERSIONS, String(newest), 'bin');
  return newest !== undefined && existsSync(join(folder, 'initdb')) ? folder : null;
}

/**
 * Starts a Postgres server of its own, on a free port and in a new folder: never the machine's own cluster. As root
 * it runs as user postgres, since the server refuses root.
 */
export async function startPostgres(programs: string): Promise<{ url: string; stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'segment-sync-postgres-'));
  const isRoot = userInfo().uid === 0;
  const asOwner = (command: string) =>
    isRoot ? run('su', ['postgres', '-c', command]) : run('sh', ['-c', command]);
  if (isRoot) await run('chown', ['postgres', folder]);
  await chmod(folder, 0o700);
  const data = join(folder, 'data');
  const port = await freePort();
  await asOwner(`${programs}/initdb -D ${data} -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync`);
  const settings = `-p ${port} -k ${folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=200`;
  await asOwner(`${programs}/pg_ctl -D ${data} -w -t 240 -l ${folder}/log -o "${settings}" start`);
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    stop: async () => {
      await asOwner(`${programs}/pg_ctl -D ${data} -w -m immediate stop`);
      await rm(folder, { recursive: true });
    },
  };
}

if (import.meta.main) {
  // Alone: a server to try things on, until Ctrl-C.
  const programs = postgresPrograms();
  if (programs === null) throw new Error('no Postgres programs of version 15 or newer on this machine');
  const server = await startPostgres(programs);
  process.stdout.write(`${server.url}\n`);
  const waiting = setInterval(() => undefined, 60_000);
  const stop = () => {
    clearInterval(waiting);
    return server.stop();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop());
}
