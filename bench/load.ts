import autocannon from 'autocannon';
import { type Asked, askSteadily } from './steady-client.ts';
import type { BenchServer } from './web-server.ts';

export type { Asked } from './steady-client.ts';

export type Load = {
  p50: number;
  p99: number;
  /** Answers a second. */
  rate: number;
  /** Of the time that requests took, in their sum. */
  databaseShare: number;
  statementsEach: number;
  /** Milliseconds of a processor that the program spent on an answer, an embedded store included. */
  cpuEach: number;
};

/** What is compiled and planned once is not what is measured: the answers of so many seconds come first. */
const WARM_SECONDS = 4;
const MOST_SECONDS = 5;

/** Asks `rate` times a second. @throws where any answer is not 200: it would measure something else */
export async function load(
  server: BenchServer,
  asked: readonly Asked[],
  { rate, seconds }: { rate: number; seconds: number },
): Promise<Load> {
  await warm(server, asked, rate * WARM_SECONDS);
  const before = process.cpuUsage();
  const { times, refused, cpuMs } = await askSteadily({ url: server.url, asked, rate, seconds });
  const { user, system } = process.cpuUsage(before);
  if (refused > 0) throw new Error(`${refused} answers were not 200`);
  const { ms, statements } = server.database();
  const total = times.reduce((sum, time) => sum + time, 0);
  return {
    p50: atShare(times, 0.5),
    p99: atShare(times, 0.99),
    rate: times.length / seconds,
    databaseShare: Math.min(1, ms / total),
    statementsEach: statements / times.length,
    cpuEach: ((user + system) / 1_000 - cpuMs) / times.length,
  };
}

/** Answers a second when ten callers ask as fast as they are answered. */
export async function mostAnswers(server: BenchServer, asked: readonly Asked[]): Promise<number> {
  await warm(server, asked, asked.length);
  const { non2xx, errors, requests } = await autocannon({
    url: server.url,
    connections: 10,
    duration: MOST_SECONDS,
    workers: 1,
    requests: asked.map(({ path, headers = {} }) => ({ method: 'GET', path, headers })),
  });
  if (non2xx + errors > 0) throw new Error(`${non2xx} answers were not 200, ${errors} requests failed`);
  return requests.average;
}

async function warm(server: BenchServer, asked: readonly Asked[], answers: number): Promise<void> {
  for (let i = 0; i < answers; i += 1) {
    const { path, headers = {} } = asked[i % asked.length] ?? { path: '/' };
    await (await fetch(server.url + path, { headers })).arrayBuffer();
  }
  server.database();
}

const atShare = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

export const describeLoad = ({ p50, rate, databaseShare, statementsEach, cpuEach }: Load): string =>
  `p50 ${p50.toFixed(1)} ms at ${Math.round(rate)}/s; ${Math.round(databaseShare * 100)} % of it in ${statementsEach.toFixed(1)} statements; ${cpuEach.toFixed(1)} ms of CPU each`;
