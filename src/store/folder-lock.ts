import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { link, mkdir, readdir, readFile, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ConfigError } from '../errors.ts';

/**
 * Who opened the folder. A PID alone says little: it is used again after a restart, and it is always 1 in a
 * container.
 */
const Owner = z.object({
  pid: z.number().int(),
  /** Field 22 of /proc/PID/stat, in ticks since boot; null where the system has no /proc. */
  startTime: z.string().nullable(),
  bootId: z.string().nullable(),
  /** PIDs can only be compared within one namespace: a container is one. */
  pidNamespace: z.string().nullable(),
  host: z.string(),
  nonce: z.string(),
  state: z.enum(['held', 'released']),
});
type Owner = z.infer<typeof Owner>;

export type FolderLock = { release(): Promise<void> };

const NAME = /^lock\.(\d+)$/;
const HEARTBEAT_MS = 3_000;
/** The locks that this very process holds: its PID alone does not say whether one is still wanted. */
const heldHere = new Set<string>();

/** How long we watch an owner that we can't look up, in another container or on another machine. */
const WATCH_MS = 15_000;
const WATCH_STEP_MS = 500;

/**
 * Takes the embedded store's folder for this process; nothing in PGlite keeps two processes from corrupting it.
 *
 * The lock is the file `lock.N` with the highest N. Taking it over means making `lock.N+1`, which only one process
 * can; numbers are never used again and the highest is never removed, so no two can hold it, whatever dies when.
 * An owner in sight is alive while its PID has its start time. One out of sight is watched: it touches its file every
 * 3 s.
 * @throws ConfigError naming the PID where another process has it, or where the folder can't be written
 */
export async function lockFolder(folder: string, timing = { watchMs: WATCH_MS }): Promise<FolderLock> {
  try {
    await mkdir(folder, { recursive: true });
    return await takeLock(folder, timing);
  } catch (error) {
    if (error instanceof ConfigError || !(error instanceof Error && 'syscall' in error)) throw error;
    throw new ConfigError('data_dir_unusable', `The folder ${folder} can't be written: ${error.message}.`, {
      action: 'Check that DATA_DIR may be written and that its disk has space left.',
      cause: error,
    });
  }
}

async function takeLock(folder: string, timing: { watchMs: number }): Promise<FolderLock> {
  const self = describeSelf();
  for (;;) {
    const numbers = await lockNumbers(folder);
    const last = numbers.at(-1) ?? 0;
    if (last > 0) {
      const owner = await readOwner(lockPath(folder, last));
      if (owner && (await isAlive(owner, lockPath(folder, last), timing.watchMs))) throw inUse(folder, owner);
    }
    if (!(await claim(folder, last + 1, self))) continue;
    for (const number of numbers) await unlink(lockPath(folder, number)).catch(ignoreMissing);
    return hold(lockPath(folder, last + 1), self);
  }
}

/** Makes `lock.N` with its content in one step. False where somebody else was faster. */
async function claim(folder: string, number: number, self: Owner): Promise<boolean> {
  const draft = join(folder, `lock-draft.${self.nonce}`);
  try {
    await writeFile(draft, JSON.stringify(self), { flush: true });
    await link(draft, lockPath(folder, number));
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await unlink(draft).catch(ignoreMissing);
  }
  // We may have looked long ago: whoever came since has a higher number, or had ours and left a higher one.
  if ((await lockNumbers(folder)).at(-1) === number) return true;
  await unlink(lockPath(folder, number)).catch(ignoreMissing);
  return false;
}

function hold(path: string, self: Owner): FolderLock {
  heldHere.add(self.nonce);
  const beat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(ignoreMissing);
  }, HEARTBEAT_MS);
  beat.unref();
  return {
    release: async () => {
      clearInterval(beat);
      heldHere.delete(self.nonce);
      const draft = `${path}-released`;
      try {
        await writeFile(draft, JSON.stringify({ ...self, state: 'released' } satisfies Owner));
        await rename(draft, path);
      } catch {
        // A full disk, most likely. The file stays, and is taken over by whoever comes: nobody holds it any more.
        await unlink(draft).catch(() => undefined);
      }
    },
  };
}

async function isAlive(owner: Owner, path: string, watchMs: number): Promise<boolean> {
  if (owner.state === 'released') return false;
  const self = describeSelf();
  if (owner.bootId === self.bootId && owner.pidNamespace === self.pidNamespace && owner.host === self.host) {
    const runs = owner.startTime === null ? isRunning(owner.pid) : startTimeOf(owner.pid) === owner.startTime;
    return runs && (owner.pid !== self.pid || heldHere.has(owner.nonce));
  }
  // The same machine after a restart: nothing of before runs.
  if (owner.host === self.host && owner.bootId !== self.bootId) return false;
  return isTouched(path, watchMs);
}

/** Is the file touched, or replaced, while we watch? */
async function isTouched(path: string, watchMs: number): Promise<boolean> {
  const touchedAt = async () => (await stat(path).catch(ignoreMissing))?.mtimeMs;
  const before = await touchedAt();
  for (let waited = 0; waited < watchMs; waited += WATCH_STEP_MS) {
    await sleep(Math.min(WATCH_STEP_MS, watchMs));
    if ((await touchedAt()) !== before) return true;
  }
  return false;
}

/** Null where the file went meanwhile, or is damaged: its owner was killed by a full disk or a power cut. */
async function readOwner(path: string): Promise<Owner | null> {
  const text = await readFile(path, 'utf8').catch(ignoreMissing);
  if (text === undefined) return null;
  try {
    return Owner.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

async function lockNumbers(folder: string): Promise<number[]> {
  const names = await readdir(folder);
  return names
    .map((name) => Number(NAME.exec(name)?.[1]))
    .filter((number) => Number.isSafeInteger(number))
    .sort((a, b) => a - b);
}

function lockPath(folder: string, number: number): string {
  return join(folder, `lock.${number}`);
}

function describeSelf(): Owner {
  return {
    pid: process.pid,
    startTime: startTimeOf(process.pid),
    bootId: existsSync('/proc/sys/kernel/random/boot_id')
      ? readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
      : null,
    pidNamespace: existsSync('/proc/self/ns/pid') ? readlinkSync('/proc/self/ns/pid') : null,
    host: hostname(),
    nonce: randomUUID(),
    state: 'held',
  };
}

/** The program's name, in brackets, may hold anything: fields are counted from its end. Null: no such process. */
function startTimeOf(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    // A zombie has released its files.
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch (error) {
    if (isCode(error, 'ENOENT') || isCode(error, 'ESRCH')) return null;
    throw error;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isCode(error, 'EPERM');
  }
}

function inUse(folder: string, owner: Owner): ConfigError {
  const where = owner.host === hostname() ? '' : ` on ${owner.host}`;
  return new ConfigError(
    'store_in_use',
    `The store in ${folder} is in use by process ${owner.pid}${where}. Nothing was changed.`,
    {
      action: `Stop process ${owner.pid} first, use its web interface, or set DATABASE_URL so that several processes can work at once.`,
    },
  );
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function ignoreMissing(error: unknown): undefined {
  if (isCode(error, 'ENOENT')) return undefined;
  throw error;
}
