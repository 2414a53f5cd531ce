import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { hashSources, type WebFiles, webFiles } from '../../src/server/web-files.ts';

const CACHE = join(import.meta.dirname, '../../node_modules/.cache/workspace');
const KEPT = 8;

/**
 * The workspace built from the sources as they are, in a folder of that state's own: a later build never takes the
 * files from under a test that runs.
 */
export async function builtWorkspace(log: Logger): Promise<WebFiles> {
  const name = (await hashSources()).slice(0, 16);
  const web = webFiles(log, join(CACHE, name));
  await web.ready;
  if (web.state() !== 'built') throw new Error('the workspace could not be built: npm run build says why');
  await forgetOld(name);
  return web;
}

async function forgetOld(present: string): Promise<void> {
  const others = (await readdir(CACHE)).filter((name) => name !== present && /^[0-9a-f]{16}$/.test(name));
  for (const name of others.slice(0, Math.max(0, others.length - KEPT)))
    await rm(join(CACHE, name), { recursive: true, force: true });
}
