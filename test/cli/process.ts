import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export type Ended = { code: number | null; stdout: string; stderr: string };

/** Runs the command line as a user does: a process of its own, with a clean environment. */
export async function runCli(
  args: readonly string[],
  options: { env?: Record<string, string>; cwd?: string; program?: string } = {},
): Promise<Ended> {
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  // Commands end before the engine's better code for the embedded database pays.
  const command = ['--liftoff-only', options.program ?? `${root}/src/cli.ts`, ...args];
  const child = spawn(process.execPath, command, {
    cwd: options.cwd ?? root,
    env: { PATH, NODE_COMPILE_CACHE, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended: Ended = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (ended.stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (ended.stderr += String(chunk)));
  const [code] = await once(child, 'close');
  return { ...ended, code };
}
