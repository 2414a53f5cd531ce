import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePort } from './free-port.ts';

const START_LIMIT_MS = 120_000;

/** The redis-server program of this machine, or null. */
export function redisProgram(): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.map((folder) => join(folder, 'redis-server')).find((path) => existsSync(path)) ?? null;
}

/** Starts a Redis of its own on a free port, keeping nothing on disk; over TLS with a certificate where one is given. */
export async function startRedis(
  program: string,
  certificate?: { cert: string; key: string },
): Promise<{ url: string; stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'segment-sync-redis-'));
  const port = await freePort();
  const settings = [
    ...(certificate
      ? [
          ['--port', '0', '--tls-port', String(port), '--tls-auth-clients', 'no'],
          ['--tls-cert-file', certificate.cert, '--tls-key-file', certificate.key],
        ].flat()
      : ['--port', String(port)]),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    folder,
  ];
  const child = spawn(program, settings, { stdio: ['ignore', 'pipe', 'inherit'] });
  let log = '';
  const ready = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`Redis did not start:\n${log}`)), START_LIMIT_MS);
    child.stdout.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      if (!log.includes('Ready to accept connections')) return;
      clearTimeout(timer);
      resolve();
    });
    child.on('exit', () => reject(new Error(`Redis did not start:\n${log}`)));
  });
  await ready;
  return {
    url: `${certificate ? 'rediss' : 'redis'}://127.0.0.1:${port}`,
    stop: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
      await rm(folder, { recursive: true });
    },
  };
}
