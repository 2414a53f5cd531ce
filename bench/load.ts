import autocannon from 'autocannon';
import type { BenchServer } from './web-server.ts';

export type Asked = { path: string; headers?: Record<string, string> };

export type Load = {
  p50: number;
  p99: number;
  /** Answers a second. */
  rate: number;
  /** Of the time that requests took, in their sum. */
  databaseShare: number;
  statementsEach: number;
};

const SECONDS = 10;

/** Asks at a steady rate, in turn. @throws where any answer is not 200: it would measure something else */
export async function load(server: BenchServer, asked: readonly Asked[], rate: number): Promise<Load> {
  // What is compiled and planned once is not what is measured.
  for (const { path, headers = {} } of asked.slice(0, 20)) await fetch(server.url + path, { headers });
  server.database();
  const result = await autocannon({
    url: server.url,
    connections: 10,
    overallRate: rate,
    duration: SECONDS,
    requests: asked.map(({ path, headers = {} }) => ({ method: 'GET', path, headers })),
  });
  if (result.non2xx + result.errors > 0)
    throw new Error(`${result.non2xx} answers were not 200, ${result.errors} requests failed`);
  const { ms, statements } = server.database();
  const total = result.latency.average * result.requests.total;
  return {
    p50: result.latency.p50,
    p99: result.latency.p99,
    rate: result.requests.average,
    databaseShare: total === 0 ? 0 : Math.min(1, ms / total),
    statementsEach: statements / result.requests.total,
  };
}

export const describeLoad = ({ p50, rate, databaseShare, statementsEach }: Load): string =>
  `p50 ${p50} ms at ${Math.round(rate)}/s; ${Math.round(databaseShare * 100)} % of it in ${statementsEach.toFixed(1)} statements`;
