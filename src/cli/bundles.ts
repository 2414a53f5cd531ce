import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import type { TargetRow } from '../store/targets.ts';

/** Writes what the targets want an admin to deploy, a folder for each connection; answers the paths. */
export async function writeBundles(targets: readonly TargetRow[], folder: string): Promise<string[]> {
  const files = new Map<string, string>();
  for (const { connectionId, reason } of targets) {
    // Each bundle of a connection holds all that is wanted of it; the last one is as good as any.
    for (const [path, text] of Object.entries(reason?.bundle ?? {})) {
      const root = resolve(folder, connectionId.replaceAll(/[^\w.-]/g, '_'));
      const file = resolve(root, path);
      if (!file.startsWith(root + sep)) throw new Error(`a file of a bundle leaves its folder: ${path}`);
      files.set(file, text);
    }
  }
  for (const [file, text] of files) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  return [...files.keys()].sort();
}
