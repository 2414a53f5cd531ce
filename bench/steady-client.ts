/**
 * Asks at a mean rate from a thread of its own, whatever the answers do: gaps between requests are those of callers who
 * know nothing of each other (exponential, from a fixed seed), and each answer's time counts from when its request was
 * due. A caller that waits for one answer before the next request would leave out just the requests that had to wait.
 */
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

export type Asked = { path: string; headers?: Record<string, string> };
export type SteadyLoad = { url: string; asked: readonly Asked[]; rate: number; seconds: number };
/** Milliseconds, shortest first; `cpuMs` is what asking itself took of a processor. */
export type Answered = { times: number[]; refused: number; cpuMs: number };

export async function askSteadily(load: SteadyLoad): Promise<Answered> {
  const thread = new Worker(new URL(import.meta.url), { workerData: load });
  const [answered] = await once(thread, 'message');
  return answered as Answered;
}

async function work({ url, asked, rate, seconds }: SteadyLoad): Promise<Answered> {
  const agent = new Agent({ keepAlive: true });
  const cpu = process.threadCpuUsage();
  const times: number[] = [];
  const waiting: Promise<void>[] = [];
  let refused = 0;
  const ask = async ({ path, headers = {} }: Asked, due: number) => {
    try {
      const response = await answerOf(url + path, { headers, agent });
      if (response !== 200) refused += 1;
    } catch {
      refused += 1;
    }
    times.push(performance.now() - due);
  };
  const began = performance.now();
  let due = began;
  for (let i = 0, random = 1; due - began < seconds * 1_000; i += 1) {
    const early = due - performance.now();
    if (early > 0) await sleep(early);
    const next = asked[i % asked.length];
    if (next) waiting.push(ask(next, due));
    random = (random * 48_271) % 2_147_483_647;
    due += (-Math.log(random / 2_147_483_647) * 1_000) / rate;
  }
  await Promise.all(waiting);
  agent.destroy();
  const { user, system } = process.threadCpuUsage(cpu);
  return { times: times.sort((a, b) => a - b), refused, cpuMs: (user + system) / 1_000 };
}

const answerOf = (url: string, options: { headers: Record<string, string>; agent: Agent }) =>
  new Promise<number | undefined>((resolve, reject) => {
    get(url, options, (response) => {
      response.once('error', reject).once('end', () => resolve(response.statusCode));
      response.resume();
    }).once('error', reject);
  });

if (!isMainThread) parentPort?.postMessage(await work(workerData as SteadyLoad));
