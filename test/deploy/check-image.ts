/**
 * `npm run -s check-image`: carries out the Dockerfile's steps where there is no Docker, each stage in an empty folder,
 * then starts what the image would start and stops it again. Not carried out: the base image's own content, users
 * (everything runs as whoever calls), and steps outside of the working folder, which are named. The development
 * packages of the build stage are those of this copy, unless --full installs them again.
 */
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../free-port.ts';
import { isLetThrough, readCommand, readCopy, readDockerfile, readEnv, type Stage } from './dockerfile.ts';

const ROOT = join(import.meta.dirname, '../..');
const isFull = process.argv.includes('--full');
const START_MS = 60_000;
/** What would show that development packages came along. */
const UNWANTED = ['typescript', 'vite', 'vitest', 'react', '@biomejs', 'playwright-core', 'node'];

const run = promisify(execFile);
const say = (text: string) => process.stdout.write(`${text}\n`);
const ignore = readFileSync(join(ROOT, '.dockerignore'), 'utf8');
const PATH = `${dirname(process.execPath)}:${process.env.PATH ?? ''}`;

/** The stage's working folder, after its steps. */
async function build(stage: Stage, folder: string, built: Map<string, string>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const { instruction, text } of stage.steps) {
    if (instruction === 'COPY') await copy(text, folder, built);
    if (instruction !== 'RUN') continue;
    if (!text.startsWith('npm ')) {
      say(`   not carried out: RUN ${text}`);
      continue;
    }
    if (/^npm ci(?!.*--omit)/.test(text) && !isFull) {
      await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
      say(`   ${text}: taken from this copy`);
      continue;
    }
    const started = performance.now();
    await run('sh', ['-c', text], {
      cwd: folder,
      env: { PATH, HOME: process.env.HOME ?? '', npm_config_prefer_offline: 'true' },
      maxBuffer: 64 * 1024 * 1024,
    });
    say(`   ${text}: ${Math.round((performance.now() - started) / 1_000)} s`);
  }
}

async function copy(text: string, folder: string, built: Map<string, string>): Promise<void> {
  const { from, sources, target } = readCopy(text);
  for (const source of sources) {
    const isWhole = sources.length === 1 && !target.endsWith('/') && target !== '.';
    const to = isWhole ? join(folder, target) : join(folder, target, basename(source));
    if (from !== undefined) {
      const other = built.get(from);
      if (other === undefined) throw new Error(`COPY ${text}: no stage ${from}`);
      // Files inside the stage's working folder, /app.
      await cp(join(other, relative('/app', source)), to, { recursive: true, verbatimSymlinks: true });
      continue;
    }
    await cp(join(ROOT, source), to, {
      recursive: true,
      filter: (path) => isLetThrough(ignore, relative(ROOT, path)),
    });
  }
}

/** Starts the image's program in its folder, asks its health check and a few addresses, and stops it as Docker does. */
async function startAndStop(stage: Stage, folder: string, data: string): Promise<void> {
  const text = (instruction: string) =>
    stage.steps.find((step) => step.instruction === instruction)?.text ?? '';
  const port = await freePort();
  const env = {
    ...readEnv(text('ENV')),
    PATH,
    HOST: '127.0.0.1',
    PORT: String(port),
    DATA_DIR: data,
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  };
  const [program = '', ...args] = readCommand(text('ENTRYPOINT'));
  const child = spawn(program, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (log += String(part)));
  const ended = once(child, 'exit');
  try {
    const [check = '', ...checkArgs] = readCommand(text('HEALTHCHECK'));
    const started = performance.now();
    while (
      !(await run(check, checkArgs, { cwd: folder, env }).then(
        () => true,
        () => false,
      ))
    ) {
      if (child.exitCode !== null || performance.now() - started > START_MS)
        throw new Error(`The program did not start:\n${log}`);
      await sleep(250);
    }
    say(`   healthy after ${Math.round((performance.now() - started) / 1_000)} s`);
    const asked = {
      '/readyz': '"status":"ready"',
      '/': '<div id="root">',
      '/openapi.json': '"openapi":"3.1.0"',
    };
    for (const [path, expected] of Object.entries(asked)) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`);
      const answer = await response.text();
      if (!response.ok || !answer.includes(expected))
        throw new Error(`${path} answers ${response.status}: ${answer.slice(0, 300)}\n${log}`);
    }
    // It serves before it is done with starting; only then does it take signals itself.
    while (!log.includes('"started"') && performance.now() - started < START_MS) await sleep(100);
  } finally {
    child.kill('SIGTERM');
  }
  const [code] = await ended;
  if (code !== 0) throw new Error(`SIGTERM ended it with ${code}:\n${log}`);
  // The command line, as `migrate` of a deployment calls it.
  await run(program, ['src/cli.ts', 'migrate'], { cwd: folder, env });
}

const work = await mkdtemp(join(tmpdir(), 'segment-sync-image-'));
const started = performance.now();
try {
  const stages = readDockerfile(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'));
  const built = new Map<string, string>();
  for (const stage of stages) {
    say(`== stage ${stage.name}`);
    const folder = join(work, stage.name);
    await build(stage, folder, built);
    built.set(stage.name, folder);
  }
  const last = stages.at(-1);
  const image = join(work, last?.name ?? '');
  const unwanted = UNWANTED.filter((name) => existsSync(join(image, 'node_modules', name)));
  if (unwanted.length > 0) throw new Error(`Development packages in the image: ${unwanted.join(', ')}`);
  const { stdout } = await run('du', ['-sm', image]);
  say(`   ${stdout.split('\t')[0]} MB beside Node`);
  say('== start, ask, stop');
  if (last) await startAndStop(last, image, join(work, 'data'));
  say(`The image's steps work: ${Math.round((performance.now() - started) / 1_000)} s.`);
} finally {
  await rm(work, { recursive: true, force: true });
}
