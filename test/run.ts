/**
 * `npm test`: every test on the embedded database, then, where their programs are on the machine, those that use a
 * database again on a Postgres server of our own, and those that use the queue on a Redis of our own too. Those of
 * test/one-store.ts run on the server only, where there is one. What is left out is said in a line at the end; with
 * CI=true nothing may be.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { glob, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { isOnOneStore } from './one-store.ts';
import { postgresPrograms, startPostgres } from './postgres-server.ts';
import { redisProgram, startRedis } from './redis-server.ts';
import { CHROMIUM } from './web/chromium.ts';

const VITEST = 'node_modules/vitest/vitest.mjs';

const Report = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number().default(0),
  success: z.boolean(),
});

type Part = { name: string; files: string[]; leftOut?: string[]; env: Record<string, string> };
type Outcome = { passed: number; failed: number; skipped: number; ok: boolean };

/** Only these, where files are named on the command line. */
const asked = process.argv.slice(2);

/** Test files that say one of the words: which store or queue they run on is chosen by the environment. */
async function filesThatUse(words: RegExp): Promise<string[]> {
  const files: string[] = [];
  for (const file of await testFiles()) if (words.test(await readFile(file, 'utf8'))) files.push(file);
  return files;
}

async function testFiles(): Promise<string[]> {
  const files: string[] = [];
  for await (const file of glob('test/**/*.test.ts'))
    if (asked.length === 0 || asked.includes(file)) files.push(file);
  return files.sort();
}

async function run(part: Part, folder: string): Promise<Outcome> {
  process.stdout.write(`\n== ${part.name}\n`);
  const report = join(folder, `${part.name.replace(/\W+/g, '-')}.json`);
  const vitest = [
    VITEST,
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...(part.leftOut ?? []).map((file) => `--exclude=${file}`),
    ...part.files,
  ];
  const child = spawn(process.execPath, vitest, { stdio: 'inherit', env: { ...process.env, ...part.env } });
  const [code] = await once(child, 'exit');
  const text = await readFile(report, 'utf8').catch(() => null);
  if (text === null) return { passed: 0, failed: 0, skipped: 0, ok: false };
  const { numPassedTests, numFailedTests, numPendingTests, success } = Report.parse(JSON.parse(text));
  return {
    passed: numPassedTests,
    failed: numFailedTests,
    skipped: numPendingTests,
    ok: code === 0 && success,
  };
}

async function main(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'segment-sync-results-'));
  const leftOut: string[] = [];
  const programs = postgresPrograms();
  const redis = redisProgram();
  // What takes long and is proved on the server as well may be left to that pass.
  const env: Record<string, string> = programs === null ? {} : { SERVER_PASS_FOLLOWS: '1' };
  const leftToServer = programs === null ? [] : (await testFiles()).filter(isOnOneStore);
  const outcomes: Outcome[] = [];
  if (asked.length === 0 || asked.some((file) => !leftToServer.includes(file)))
    outcomes.push(await run({ name: 'embedded', files: asked, leftOut: leftToServer, env }, folder));

  if (programs === null) leftOut.push('Postgres server (install postgresql-15)');
  if (redis === null) leftOut.push('Redis (install redis-server)');
  if (!existsSync(CHROMIUM)) leftOut.push('the screens in a browser (install chromium)');
  if (programs !== null) {
    const server = await startPostgres(programs);
    try {
      const using = await filesThatUse(/openTestDatabase|TEST_DATABASE_URL/);
      const files = [...new Set([...using, ...leftToServer])].sort();
      if (files.length > 0) {
        const env = { TEST_DATABASE_URL: server.url };
        outcomes.push(await run({ name: 'Postgres server', files, env }, folder));
      } else if (asked.length === 0) leftOut.push('Postgres server (no test asks for it)');
    } finally {
      await server.stop();
    }
  }
  if (redis !== null) {
    const server = await startRedis(redis);
    try {
      const files = await filesThatUse(/TEST_REDIS_URL|testRedisUrl/);
      if (files.length > 0) {
        outcomes.push(await run({ name: 'Redis', files, env: { TEST_REDIS_URL: server.url } }, folder));
      } else if (asked.length === 0) leftOut.push('Redis (no test asks for it)');
    } finally {
      await server.stop();
    }
  }
  await rm(folder, { recursive: true });

  const sum = (key: 'passed' | 'failed' | 'skipped') =>
    outcomes.reduce((total, outcome) => total + outcome[key], 0);
  process.stdout.write('\n');
  for (const part of leftOut) process.stdout.write(`Left out: ${part}\n`);
  // They have packages of their own; .ci/run installs and tests them.
  process.stdout.write(
    'Not part of this: the cards of marketplace/hubspot and marketplace/salesforce (npm ci and npm test there)\n',
  );
  const skipped = sum('skipped') > 0 ? `, ${sum('skipped')} skipped` : '';
  process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed${skipped}\n`);
  const mayLeaveOut = process.env.CI !== 'true';
  return outcomes.every(({ ok }) => ok) && (leftOut.length === 0 || mayLeaveOut) ? 0 : 1;
}

process.exitCode = await main();
