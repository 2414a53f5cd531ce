/**
 * A first run of the program in a process of its own, on a server store, so that its memory and its CPU alone are
 * measured. Prints one line of JSON in the end (`WholeRun`), and on stderr how far it is.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { readConfig } from '../src/config.ts';
import { listRuns, type Run, type StageName } from '../src/store/runs.ts';
import { ownCpuSeconds, storeCpuSeconds } from './cpu.ts';
import { type Installation, install } from './installation.ts';
import { recordsRead } from './records-read.ts';
import type { BenchStores } from './stores.ts';

const LOOK_MS = 250;
const PROGRESS_MS = 15_000;
const MB = 1_048_576;

const Spent = z.object({
  seconds: z.number(),
  /** Seconds of CPU: the program's, and the store's, null where nobody can tell. */
  program: z.number(),
  store: z.number().nullable(),
});
type Spent = z.infer<typeof Spent>;

const WholeRun = z.object({
  records: z.number(),
  /** Resident bytes before the run, and the most in it. */
  idle: z.number(),
  peak: z.number(),
  whole: Spent,
  stages: z.record(z.string(), Spent),
  counts: z.record(z.string(), z.record(z.string(), z.number())),
});
export type WholeRun = z.infer<typeof WholeRun>;

/** `laid`: the records are in the store already, and nothing is read. */
export async function wholeRun(
  stores: BenchStores,
  contacts: number,
  records: 'read' | 'laid',
): Promise<WholeRun> {
  const place = await stores.make('server');
  try {
    const child = spawn(process.execPath, [fileURLToPath(import.meta.url), String(contacts), records], {
      env: place.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [stdout] = await Promise.all([text(child.stdout), once(child, 'close')]);
    if (child.exitCode !== 0) throw new Error(`the run of ${contacts} contacts ended with ${child.exitCode}`);
    return WholeRun.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
  } finally {
    await place.remove();
  }
}

/** Looks at a run until it is over, and says what each of its stages takes. */
async function watch({ app, tenant }: Installation, isOver: () => boolean): Promise<Record<string, Spent>> {
  const { pool } = app.store;
  const stages: Partial<Record<StageName, Spent>> = {};
  let stage: StageName = 'pull';
  let before = await spentSoFar(pool);
  let said = before.seconds;
  const close = async () => {
    const now = await spentSoFar(pool);
    stages[stage] = difference(now, before);
    before = now;
  };
  while (!isOver()) {
    await sleep(LOOK_MS);
    const [run] = await listRuns(pool, tenant, 1);
    if (!run) continue;
    if (run.stage !== stage) await close();
    stage = run.stage;
    if (performance.now() / 1_000 - said < PROGRESS_MS / 1_000) continue;
    said = performance.now() / 1_000;
    say(run, difference(await spentSoFar(pool), before));
  }
  await close();
  return stages;
}

function say({ stage, counts }: Run, { seconds, program, store }: Spent): void {
  const rss = Math.round(process.memoryUsage.rss() / MB);
  const cpu = `${program.toFixed(1)} s of CPU, store ${store?.toFixed(1) ?? 'unknown'} s`;
  process.stderr.write(
    `  ${stage} ${seconds.toFixed(0)} s, ${cpu}, ${rss} MB ${JSON.stringify(counts[stage] ?? {})}\n`,
  );
}

async function spentSoFar(pool: Installation['app']['store']['pool']): Promise<Spent> {
  return {
    seconds: performance.now() / 1_000,
    program: ownCpuSeconds(),
    store: await storeCpuSeconds(pool),
  };
}

const difference = (now: Spent, before: Spent): Spent => ({
  seconds: now.seconds - before.seconds,
  program: now.program - before.program,
  store: now.store === null || before.store === null ? null : now.store - before.store,
});

if (import.meta.main) {
  const [contacts, records] = process.argv.slice(2);
  const laid = records === 'laid';
  const crm = await install({ config: readConfig(), system: 'hubspot', contacts: Number(contacts), laid });
  const { pool } = crm.app.store;
  let peak = 0;
  const look = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 50);
  const idle = process.memoryUsage.rss();
  const start = await spentSoFar(pool);
  let isOver = false;
  const watched = watch(crm, () => isOver);
  const run = await crm.run().finally(() => {
    isOver = true;
  });
  const whole = difference(await spentSoFar(pool), start);
  clearInterval(look);
  const answer: WholeRun = {
    records: laid ? crm.laid : recordsRead(run),
    idle,
    peak,
    whole,
    stages: await watched,
    counts: z.record(z.string(), z.record(z.string(), z.number())).parse(run.counts),
  };
  await crm.close();
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
