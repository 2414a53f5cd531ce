import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeBundles } from '../../src/cli/bundles.ts';
import type { TargetRow } from '../../src/store/targets.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'segment-sync-bundles-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function target(connectionId: string, bundle?: Record<string, string>): TargetRow {
  return {
    id: 't1',
    connectionId,
    segmentation: 'rfm',
    segment: null,
    kind: 'property',
    object: 'contact',
    state: 'live',
    reason: bundle
      ? { code: 'needs_you', message: 'No field.', action: 'Deploy it.', since: '2026-01-01', bundle }
      : null,
    remote: null,
    releasedVersion: 1,
    pilotDone: false,
    filled: false,
  };
}

it('writes what an admin has to deploy, each connection in a folder of its own', async () => {
  const file = 'objects/Contact/fields/A__c.field-meta.xml';
  const written = await writeBundles(
    [
      target('north', { 'package.xml': '<one/>', [file]: '<a/>' }),
      target('north', { 'package.xml': '<one/>' }),
      target('south', { 'package.xml': '<two/>' }),
      target('west'),
    ],
    folder,
  );
  expect(written).toEqual([
    join(folder, 'north', file),
    join(folder, 'north/package.xml'),
    join(folder, 'south/package.xml'),
  ]);
  expect(await readFile(join(folder, 'south/package.xml'), 'utf8')).toBe('<two/>');
  expect((await readdir(folder)).sort()).toEqual(['north', 'south']);
});

it('writes nothing outside the folder', async () => {
  await expect(writeBundles([target('north', { '../../evil': 'x' })], folder)).rejects.toThrow(
    /leaves its folder/,
  );
});
