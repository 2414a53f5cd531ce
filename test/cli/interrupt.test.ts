import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../jobs/queue.ts';
import { endMarked, processesMarked, start } from '../processes/child.ts';
import { root } from './process.ts';

const SLOW_MS = 300_000;
/** Only ends what hangs: the machine may be busy. */
const SOON_MS = 80_000;

let folder = '';
const mark = `interrupt-${process.pid}`;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'segment-sync-interrupt-'));
});
afterAll(async () => {
  endMarked(mark);
  await rm(folder, { recursive: true, force: true });
});

const demo = () =>
  start(process.execPath, ['--liftoff-only', `${root}/src/cli.ts`, 'demo', '--contacts', '20'], {
    mark,
    env: { TMPDIR: folder },
  });

const sandboxServes = () =>
  eventually('the stand-in CRMs', () => processesMarked(mark).length === 2 || undefined, SOON_MS);

it(
  'a demo that is interrupted says so, ends its CRMs and leaves no folder behind',
  async () => {
    const child = demo();
    await sandboxServes();
    await eventually(
      'a database',
      async () => {
        const [made] = await readdir(folder);
        return made && (await readdir(join(folder, made))).includes('postgres') ? true : undefined;
      },
      SOON_MS,
    );
    child.process.kill('SIGINT');
    expect(await child.ended(SOON_MS)).toBe(130);
    expect(child.text()).toContain('The demo was interrupted. What it made is removed.');
    expect(child.text()).not.toContain('    at ');
    expect(processesMarked(mark)).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  },
  SLOW_MS,
);

it(
  'the stand-in CRMs end with a demo that was killed',
  async () => {
    const child = demo();
    await sandboxServes();
    child.process.kill('SIGKILL');
    await child.ended(SOON_MS);
    await eventually('no process left', () => processesMarked(mark).length === 0 || undefined, SOON_MS);
  },
  SLOW_MS,
);
