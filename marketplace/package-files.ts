import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A generated file that is not as the code would write it; `now` is null where it should be gone. */
export type Difference = { path: string; before: string | null; now: string | null };

/**
 * Compares the generated files of a folder with what they should be. Paths are relative to it; `isGenerated` says
 * which of the files there are ours to take away.
 */
export async function differences(
  folder: string,
  files: Record<string, string>,
  isGenerated: (path: string) => boolean,
): Promise<Difference[]> {
  const found: Difference[] = [];
  for (const [path, now] of Object.entries(files)) {
    const before = await textOf(join(folder, path));
    if (before !== now) found.push({ path, before, now });
  }
  for (const path of await pathsIn(folder)) {
    if (isGenerated(path) && !(path in files)) {
      found.push({ path, before: await textOf(join(folder, path)), now: null });
    }
  }
  return found;
}

export async function settle(folder: string, found: Difference[]): Promise<void> {
  for (const { path, now } of found) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    if (now === null) await rm(target);
    else await writeFile(target, now);
  }
}

async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Files at any depth, but those that npm put there. */
async function pathsIn(folder: string, below = ''): Promise<string[]> {
  const entries = await readdir(join(folder, below), { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const paths: string[] = [];
  for (const entry of entries) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory() && entry.name !== 'node_modules') paths.push(...(await pathsIn(folder, path)));
    if (entry.isFile()) paths.push(path);
  }
  return paths;
}

const isMissing = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ENOENT';
