import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * The path of a folder of reference material kept beside the repository (`SHARED_DIR`, else `../shared`), or
 * undefined where it is absent, with a line on standard error so that a skipped test is seen.
 */
export function sharedFolder(name: string): string | undefined {
  const root = process.env.SHARED_DIR ?? fileURLToPath(new URL('../../shared', import.meta.url));
  const folder = `${root}/${name}`;
  if (existsSync(folder)) return folder;
  console.warn(`SKIPPED: ${folder} is absent; tests against reference data do not run (set SHARED_DIR).`);
  return undefined;
}
