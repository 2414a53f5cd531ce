import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { judge } from './audit.ts';
import { isPermissive, licenceOf } from './licences.ts';
import { billOfMaterials } from './sbom.ts';
import { shippedPackages } from './shipped.ts';

const ROOT = join(import.meta.dirname, '../..');

describe('licences', () => {
  const shipped = shippedPackages(ROOT);

  it('are known and permissive for everything that reaches a user', () => {
    const refused = shipped
      .map((one) => `${one.name}: ${licenceOf(one)}`)
      .filter((line) => !isPermissive(line.split(': ')[1] ?? ''));
    expect(refused).toEqual([]);
  });

  it('are asked of the server and of the pages, with what they bring along', () => {
    const names = shipped.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['express', 'body-parser', 'react', 'echarts', 'zrender']));
    expect(names).not.toContain('vitest');
  });

  it.each([
    ['MIT', true],
    ['(MIT OR GPL-3.0)', true],
    ['MIT AND Zlib', true],
    ['MIT AND GPL-2.0-only', false],
    ['AGPL-3.0-only', false],
    ['unknown', false],
    ['SEE LICENSE IN LICENSE.txt', false],
  ])('%s is passed: %s', (licence, expected) => expect(isPermissive(licence)).toBe(expected));
});

describe('the bill of materials', () => {
  const { components, dependencies } = billOfMaterials();
  const refs = components.map((component) => component['bom-ref'].replace(/@[^@]*$/, ''));

  it('lists each package that reaches a user once: of the server and of the pages', () => {
    expect(new Set(refs)).toEqual(new Set(shippedPackages(ROOT).map(({ name }) => name)));
    expect(refs).toEqual(expect.arrayContaining(['express', 'react', 'echarts']));
  });

  it.each(['vitest', 'vite', '@biomejs/biome', 'nock'])(
    'leaves out %s, which only builds and tests',
    (name) => {
      expect(refs).not.toContain(name);
    },
  );

  it('names no dependency that it does not list', () => {
    const listed = new Set([...components.map((component) => component['bom-ref']), dependencies[0]?.ref]);
    expect(dependencies.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !listed.has(ref))).toEqual([]);
  });
});

describe('the audit', () => {
  const finding = (severity: string) =>
    JSON.stringify({ vulnerabilities: { left: { severity, range: '<2', fixAvailable: true } } });

  it.each([
    ['{"vulnerabilities":{}}', 'clean', false],
    [finding('low'), 'findings', false],
    [finding('critical'), 'findings', true],
    ['{"error":{"code":"ENOTFOUND"}}', 'not reachable', false],
    ['', 'not reachable', false],
  ])('%s means %s', (answer, state, isGrave) => expect(judge(answer)).toMatchObject({ state, isGrave }));
});

describe('the release', () => {
  it('has a version, and a changelog that is open at the top', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    const headings = [...readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8').matchAll(/^## (.*)$/gm)];
    expect(headings[0]?.[1]).toMatch(/^(Pending|\d+\.\d+\.\d+, \d{4}-\d{2}-\d{2})$/);
    for (const [, heading] of headings.slice(1))
      expect(heading).toMatch(/^\d+\.\d+\.\d+, \d{4}-\d{2}-\d{2}$/);
  });
});
