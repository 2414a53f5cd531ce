import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { glob, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import express, { type Response, Router } from 'express';
import type { Logger } from 'pino';
import { NotFoundError } from '../errors.ts';
import { NONCE } from './security-headers.ts';

const ROOT = join(import.meta.dirname, '../..');
const BUILT = join(ROOT, 'web/dist');
const VITE = join(ROOT, 'node_modules/vite/bin/vite.js');

/** Stands in the built page where each response's nonce goes. */
const NONCE_PLACE = '__CSP_NONCE__';

/** The pages of the workspace; `ready` resolves once they are built. */
export type WebFiles = { folder: string; ready: Promise<void>; state: () => 'building' | 'built' | 'failed' };

/**
 * The workspace's files, built now where the sources changed since they were built. An image that holds the built
 * files and no build tools takes them as they are.
 */
export function webFiles(log: Logger, folder = BUILT): WebFiles {
  let state: ReturnType<WebFiles['state']> = 'building';
  const ready = buildIfStale(log, folder).then(
    () => {
      state = 'built';
    },
    (error: unknown) => {
      state = 'failed';
      log.error({ err: error }, 'the workspace could not be built; the API works');
    },
  );
  return { folder, ready, state: () => state };
}

async function buildIfStale(log: Logger, folder: string): Promise<void> {
  if (!existsSync(VITE) && existsSync(join(folder, 'index.html'))) return;
  const source = await hashSources();
  const isBuilt = async () => (await readFile(join(folder, '.source'), 'utf8').catch(() => '')) === source;
  if (await isBuilt()) return;
  log.info('building the workspace');
  // Built aside and put in place whole: another process may be serving, or building too.
  const fresh = `${folder}-${process.pid}`;
  const child = spawn(
    process.execPath,
    [VITE, 'build', 'web', '--logLevel', 'warn', '--emptyOutDir', '--outDir', fresh],
    { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  // Whoever ends before the build is done takes it along.
  const endBuild = () => child.kill();
  process.once('exit', endBuild);
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4_000);
  });
  const [code] = await once(child, 'exit');
  process.off('exit', endBuild);
  if (code !== 0) throw new Error(`vite ended with ${code}: ${said}`);
  await writeFile(join(fresh, '.source'), source);
  await rename(folder, `${fresh}-old`).catch(() => {});
  await rename(fresh, folder).catch(async (error: unknown) => {
    // Another process was quicker with the same.
    if (!(await isBuilt())) throw error;
    await rm(fresh, { recursive: true, force: true });
  });
  await rm(`${fresh}-old`, { recursive: true, force: true });
}

/** Changes with whatever the built files depend on. */
export async function hashSources(): Promise<string> {
  const hash = createHash('sha256');
  const files = ['package-lock.json'];
  for await (const file of glob('web/**/*.{ts,tsx,css,html,json,svg}', {
    cwd: ROOT,
    exclude: (name) => /^(dist.*|node_modules)$/.test(name),
  }))
    files.push(file);
  for (const file of files.sort()) hash.update(file).update(await readFile(join(ROOT, file)));
  return hash.digest('hex');
}

/** The built files, and the one page for every other address, with this response's nonce in it. */
export function pageRoutes(web: WebFiles): Router {
  const router = Router();
  // Their names carry a hash of what is in them.
  router.use(
    '/assets',
    express.static(join(web.folder, 'assets'), { immutable: true, maxAge: '365d', index: false }),
  );
  router.use('/assets', ({ path }) => {
    throw new NotFoundError(
      'file_unknown',
      `There is no file ${path}; a newer version may have taken its place.`,
      {
        action: 'Load the page again.',
      },
    );
  });
  router.get('/{*path}', async (_request, response) => {
    response.setHeader('cache-control', 'no-store');
    if (web.state() === 'built') {
      const page = await readFile(join(web.folder, 'index.html'), 'utf8');
      response.type('html').send(page.replaceAll(NONCE_PLACE, String(response.locals[NONCE])));
      return;
    }
    waitPage(response, web.state() === 'failed');
  });
  return router;
}

function waitPage(response: Response, failed: boolean): void {
  const text = failed
    ? 'The workspace could not be built. The log says why; the API and all runs go on.'
    : 'The workspace is being built; this page loads again by itself.';
  response
    .status(503)
    .setHeader('retry-after', '2')
    .type('html')
    .send(
      `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Segment Sync</title>${failed ? '' : '<meta http-equiv="refresh" content="2">'}</head><body><p>${text}</p></body></html>`,
    );
}
