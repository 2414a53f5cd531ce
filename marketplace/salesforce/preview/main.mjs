/**
 * `npm run preview`: builds preview/dist/index.html, which shows the card in each of its states outside Salesforce, with
 * the styles of its design system. The base components are stand-ins: Salesforce does not publish a form of them that
 * runs elsewhere.
 */
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import lwc from '@lwc/rollup-plugin';
import { rollup } from 'rollup';

const HERE = import.meta.dirname;
const OUT = join(HERE, 'dist');
const LWC = join(HERE, '../force-app/main/default/lwc');
const require = createRequire(import.meta.url);

/** Modules that only Salesforce has, by what they give. */
const PLATFORM = {
  'lightning/uiObjectInfoApi': "export { getObjectInfo } from '#platform';",
  'lightning/uiRecordApi': "export { getRecord, notifyRecordUpdateAvailable } from '#platform';",
  '@salesforce/apex/SegmentSyncCard.card': "export { card as default } from '#platform';",
  '@salesforce/apex/SegmentSyncCard.check': "export { check as default } from '#platform';",
  '@salesforce/label/c.Segment_Sync_Workspace': "export default 'https://segments.example.com';",
};

const platform = {
  name: 'platform',
  resolveId(id) {
    if (id === '#platform') return join(HERE, 'platform.js');
    return id in PLATFORM ? `\0${id}` : null;
  },
  load(id) {
    return PLATFORM[id.slice(1)] ?? null;
  },
};

const local = (name) => ({ name: `c/${name}`, path: join(LWC, name, `${name}.js`) });
const bundle = await rollup({
  input: join(HERE, 'page.js'),
  plugins: [
    platform,
    lwc({ modules: [local('segmentSyncCard'), local('segmentSyncSetup'), { dir: join(HERE, 'modules') }] }),
    {
      name: 'packages',
      resolveId: (id) => (id.startsWith('@lwc/') ? require.resolve(id) : null),
    },
  ],
  onwarn: ({ code, message }) => {
    if (code !== 'CIRCULAR_DEPENDENCY') process.stderr.write(`${message}\n`);
  },
});
// The engine asks Node which build it is in.
const intro = "const process = { env: { NODE_ENV: 'production' } };";
await bundle.write({ file: join(OUT, 'page.js'), format: 'iife', intro });

const slds = join(dirname(require.resolve('@salesforce-ux/design-system/package.json')), 'assets/styles');
await mkdir(OUT, { recursive: true });
await cp(join(slds, 'salesforce-lightning-design-system.min.css'), join(OUT, 'slds.css'));
await writeFile(
  join(OUT, 'index.html'),
  `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Segment Sync on a record page</title>
<link rel="stylesheet" href="slds.css">
<style>
body { background: #f3f3f3; padding: 12px; display: flex; flex-wrap: wrap; align-items: flex-start; gap: 12px; }
figure { width: 380px; margin: 0; }
figcaption { font-weight: 700; }
</style>
</head>
<body>
<script src="page.js"></script>
</body>
</html>
`,
);
process.stdout.write(`${join(OUT, 'index.html')}\n`);
