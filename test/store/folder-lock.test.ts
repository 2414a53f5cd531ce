import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockFolder } from '../../src/store/folder-lock.ts';
import { openStore } from '../../src/store/open.ts';
import { layEmbeddedStore } from '../database.ts';

const CHILD = new URL('./store-child.ts', import.meta.url).pathname;
/** Out-of-sight owners are watched this long here. */
const WATCH = { watchMs: 300 };

let folder: string;
let children: ChildProcessByStdio<Writable, Readable, null>[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'segment-sync-lock-'));
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  children = [];
  await rm(folder, { recursive: true });
});

function start(mode: 'write' | 'hold') {
  // They end before the engine's better code for the database pays.
  const args = ['--liftoff-only', CHILD, folder, mode];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const exited = once(child, 'exit');
  return { child, exited, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

async function lockFile(): Promise<{ path: string; owner: Record<string, unknown> }> {
  const name = (await readdir(folder)).filter((file) => /^lock\.\d+$/.test(file)).at(-1) ?? '';
  const path = join(folder, name);
  return { path, owner: JSON.parse(await readFile(path, 'utf8')) };
}

describe('the folder of an embedded store', () => {
  it('is refused to a second process, which names the first and exits with 1', async () => {
    await layEmbeddedStore(folder);
    const first = start('hold');
    expect((await first.lines.next()).value).toBe('open');
    const second = start('hold');
    expect((await second.lines.next()).value).toMatch(
      new RegExp(`^store_in_use: .*process ${first.child.pid}\\b`),
    );
    expect(await second.exited).toEqual([1, null]);
    first.child.stdin.end();
    expect((await first.lines.next()).value).toBe('closed');
    const third = start('hold');
    expect((await third.lines.next()).value).toBe('open');
  });

  it('opens after kill -9 while writing, with nothing lost that was acknowledged', async () => {
    await layEmbeddedStore(folder);
    let acknowledged = 0;
    for (const lines of [40, 150]) {
      const writer = start('write');
      expect((await writer.lines.next()).value).toBe('open');
      for (let line = 0; line < lines; line += 1) acknowledged = Number((await writer.lines.next()).value);
      writer.child.kill('SIGKILL');
      for await (const line of { [Symbol.asyncIterator]: () => writer.lines }) acknowledged = Number(line);
      await writer.exited;
    }
    const store = await openStore({
      databaseUrl: undefined,
      dataDir: folder,
      encryptionKey: undefined,
      oldEncryptionKeys: [],
    });
    const { rows } = await store.pool.query<{ count: string; last: number }>(
      'select count(*), max(id) as last from app.note',
    );
    await store.close();
    expect(rows[0]?.last).toBeGreaterThanOrEqual(acknowledged);
    expect(Number(rows[0]?.count)).toBe(rows[0]?.last);
  });

  it('goes to exactly one of many that take over at once', async () => {
    const dead = await lockFolder(folder);
    await dead.release();
    const tries = await Promise.allSettled(Array.from({ length: 12 }, () => lockFolder(folder)));
    const holders = tries.filter((result) => result.status === 'fulfilled');
    expect(holders).toHaveLength(1);
    for (const { value } of holders) await value.release();
    await (await lockFolder(folder)).release();
  });
});

describe('a lock that was left behind', () => {
  it.each<[string, Record<string, unknown>]>([
    ['by ourselves reborn under the same PID', { startTime: '1' }],
    ['by a PID that is gone', { pid: 4_194_304, startTime: '1' }],
    ['before this machine was restarted', { bootId: 'another boot' }],
    ['in a container that is gone', { pid: 1, pidNamespace: 'pid:[1]', host: 'b1946ac92492' }],
  ])('%s is taken over', async (_name, change) => {
    await (await lockFolder(folder)).release();
    const { path, owner } = await lockFile();
    await writeFile(path, JSON.stringify({ ...owner, state: 'held', ...change }));
    const lock = await lockFolder(folder, WATCH);
    expect((await lockFile()).owner).toMatchObject({ pid: process.pid, state: 'held' });
    await lock.release();
  });

  it('half written is taken over', async () => {
    await writeFile(join(folder, 'lock.7'), '{"pid":');
    await (await lockFolder(folder, WATCH)).release();
    expect((await lockFile()).path).toMatch(/lock\.8$/);
  });

  it('is respected where its owner in another container still touches it', async () => {
    const lock = await lockFolder(folder);
    const { path, owner } = await lockFile();
    const elsewhere = JSON.stringify({ ...owner, pid: 1, pidNamespace: 'pid:[1]', host: 'b1946ac92492' });
    await writeFile(path, elsewhere);
    // As an owner does: touched, never written anew, so that nobody reads half of it.
    const beat = setInterval(() => void utimes(path, new Date(), new Date()), 50);
    await expect(lockFolder(folder, { watchMs: 1_500 })).rejects.toThrow('process 1 on b1946ac92492');
    clearInterval(beat);
    await lock.release();
  });
});
