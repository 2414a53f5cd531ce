/** The files that an admin is given to deploy without the package, made by the code of the root project. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, it } from 'node:test';
import { ComponentSet } from '@salesforce/source-deploy-retrieve';
import { bundleOf } from '../../../connectors/salesforce/bundle.ts';
import { builtIn, fieldsOf } from '../../salesforce-fields.ts';

const folder = await mkdtemp(join(tmpdir(), 'segment-sync-bundle-'));
after(() => rm(folder, { recursive: true }));

it('can be deployed from a folder, and its manifest lists what is in it', async () => {
  for (const [path, text] of Object.entries(bundleOf(fieldsOf(builtIn())))) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  const named = (components) => components.map(({ type, fullName }) => `${type.name} ${fullName}`).sort();
  const inside = ComponentSet.fromSource(folder).getSourceComponents().toArray();
  const manifest = await ComponentSet.fromManifest(join(folder, 'package.xml'));
  assert.ok(inside.length > 20);
  assert.deepEqual(named([...manifest]), named(inside));
});
