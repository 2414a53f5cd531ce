/**
 * `npm run -s licences`: the licences of everything that reaches a user, and exit code 1 where one is unknown or asks
 * for more than its text to be passed on. `--all` names each package.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Shipped, shippedPackages } from './shipped.ts';

const ROOT = join(import.meta.dirname, '../..');
/** SPDX identifiers that ask for the notice only. */
const PERMISSIVE = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BSL-1.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'PostgreSQL',
  'Unlicense',
  'Zlib',
]);

/** Of `A OR B` one has to be permissive, of `A AND B` both. */
export function isPermissive(expression: string): boolean {
  const text = expression.replaceAll(/[()]/g, ' ').trim();
  if (/ AND /.test(text) && / OR /.test(text)) return false;
  if (/ OR /.test(text)) return text.split(/\s+OR\s+/).some((one) => PERMISSIVE.has(one.trim()));
  return text.split(/\s+AND\s+/).every((one) => PERMISSIVE.has(one.trim()));
}

/** The lock repeats what package.json says; older packages say it in another form, which only the file has. */
export function licenceOf({ licence, path }: Shipped, root = ROOT): string {
  if (licence !== undefined) return licence;
  const given: { license?: unknown; licenses?: unknown } = JSON.parse(
    readFileSync(join(root, path, 'package.json'), 'utf8'),
  );
  const [one] = [given.license, given.licenses].flat().filter((item) => item !== undefined);
  if (typeof one === 'string') return one;
  return typeof one === 'object' && one !== null && 'type' in one ? String(one.type) : 'unknown';
}

function main(): number {
  const byLicence = new Map<string, string[]>();
  for (const one of shippedPackages(ROOT)) {
    const licence = licenceOf(one);
    byLicence.set(licence, [...(byLicence.get(licence) ?? []), `${one.name} ${one.version}`]);
  }
  const refused = [...byLicence].filter(([licence]) => !isPermissive(licence));
  for (const [licence, names] of [...byLicence].sort(([, one], [, other]) => other.length - one.length)) {
    process.stdout.write(`${licence}: ${names.length}\n`);
    if (process.argv.includes('--all')) for (const name of names) process.stdout.write(`  ${name}\n`);
  }
  for (const [licence, names] of refused)
    process.stdout.write(`Not permissive, or unknown: ${licence}: ${names.join(', ')}\n`);
  return refused.length === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = main();
