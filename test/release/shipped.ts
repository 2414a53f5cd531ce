/** Which packages reach a user: those of the server, and those that the workspace's pages are built from. */
import { globSync, readFileSync } from 'node:fs';
import { z } from 'zod';

const Names = z.record(z.string(), z.string()).default({});
const Lock = z.object({
  packages: z.record(
    z.string(),
    z.looseObject({
      version: z.string().optional(),
      license: z.string().optional(),
      dependencies: Names,
      optionalDependencies: Names,
      peerDependencies: Names,
      peerDependenciesMeta: z.record(z.string(), z.object({ optional: z.boolean().optional() })).default({}),
      devDependencies: Names,
    }),
  ),
});

export type Shipped = { name: string; version: string; licence: string | undefined; path: string };

/** By name. @throws where the lock lacks a package that is needed */
export function shippedPackages(root: string): Shipped[] {
  const { packages } = Lock.parse(JSON.parse(readFileSync(`${root}/package-lock.json`, 'utf8')));
  const found = new Map<string, Shipped>();
  const toDo = [...Object.keys(packages['']?.dependencies ?? {}), ...importedByPages(root)].map((name) => ({
    name,
    from: '',
    needed: true,
  }));
  for (let next = toDo.pop(); next; next = toDo.pop()) {
    const path = resolve(packages, next.name, next.from);
    const entry = path === undefined ? undefined : packages[path];
    if (path === undefined || entry === undefined) {
      if (next.needed) throw new Error(`package-lock.json has no ${next.name}`);
      continue;
    }
    if (found.has(path)) continue;
    found.set(path, { name: next.name, version: entry.version ?? '', licence: entry.license, path });
    for (const name of Object.keys(entry.dependencies)) toDo.push({ name, from: path, needed: true });
    for (const name of Object.keys(entry.optionalDependencies))
      toDo.push({ name, from: path, needed: false });
    for (const name of Object.keys(entry.peerDependencies))
      if (!entry.peerDependenciesMeta[name]?.optional) toDo.push({ name, from: path, needed: false });
  }
  return [...found.values()].sort((one, other) => one.path.localeCompare(other.path));
}

/** As Node looks for it: in the package's own folder, then further up. */
function resolve(packages: Record<string, unknown>, name: string, from: string): string | undefined {
  for (let place = from; ; ) {
    const path = `${place === '' ? '' : `${place}/`}node_modules/${name}`;
    if (packages[path] !== undefined) return path;
    if (place === '') return undefined;
    const up = place.lastIndexOf('node_modules/');
    place = up <= 0 ? '' : place.slice(0, up - 1);
  }
}

function importedByPages(root: string): string[] {
  const names = new Set<string>();
  for (const file of globSync(`${root}/web/src/**/*.{ts,tsx}`))
    for (const [, name = ''] of readFileSync(file, 'utf8').matchAll(
      /^(?:import|export) (?!type )[^;]*?from '((?:@[\w-]+\/)?[a-z][\w.-]*)[^']*';|import\('((?:@[\w-]+\/)?[a-z][\w.-]*)/gm,
    ))
      if (name !== '' && !name.startsWith('node')) names.add(name);
  return [...names];
}
