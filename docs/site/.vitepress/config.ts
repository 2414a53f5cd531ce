import { cpSync, readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';

/** The pages by reader, in the order of the side bar. A page that is not here fails the build below. */
const guides = [
  {
    text: 'Guides',
    items: [
      { text: 'Install and configure', link: '/install' },
      { text: 'RevOps: segments that work', link: '/revops' },
      { text: 'For sales reps', link: '/reps' },
      { text: 'Operators: run it', link: '/operators' },
    ],
  },
  {
    text: 'How it works',
    items: [
      { text: 'Conditions', link: '/conditions' },
      { text: 'Methods', link: '/methods' },
      { text: 'Benchmarks', link: '/benchmarks' },
    ],
  },
  {
    text: 'Reference',
    items: [
      { text: 'Attributes', link: '/reference/attributes' },
      { text: 'Commands', link: '/reference/cli' },
      { text: 'API', link: '/reference/api' },
      { text: 'Settings', link: '/reference/configuration' },
    ],
  },
  {
    text: 'Trust',
    items: [
      { text: 'Privacy', link: '/privacy' },
      { text: 'Security and data protection', link: '/security' },
    ],
  },
  {
    text: 'Publishing',
    items: [
      { text: 'HubSpot', link: '/marketplace-hubspot' },
      { text: 'Salesforce', link: '/marketplace-salesforce' },
      { text: 'Listing texts', link: '/listing' },
    ],
  },
];

const listed = new Set(guides.flatMap(({ items }) => items.map(({ link }) => link)));
const DOCS = fileURLToPath(new URL('../..', import.meta.url));
const left = readdirSync(DOCS)
  .filter((name) => name.endsWith('.md') && name !== 'index.md')
  .filter((name) => !listed.has(`/${name.slice(0, -'.md'.length)}`));
if (left.length > 0) throw new Error(`Not in the side bar: ${left.join(', ')}`);

/** A copy within this folder: packages are looked for from a page upwards, and docs/ has none. */
const PAGES = fileURLToPath(new URL('../pages', import.meta.url));
rmSync(PAGES, { recursive: true, force: true });
for (const name of readdirSync(DOCS))
  if (name !== 'site') cpSync(`${DOCS}/${name}`, `${PAGES}/${name}`, { recursive: true });

export default defineConfig({
  title: 'Segment Sync',
  description: 'Customer segments with reasons, on every record',
  lang: 'en',
  srcDir: 'pages',
  outDir: 'dist',
  cacheDir: '.vitepress/cache',
  markdown: {
    // Links to files of the repository lead nowhere on the site: their text stays.
    config: (markdown) => {
      markdown.core.ruler.push('repository-links', ({ tokens }) => {
        for (const { children } of tokens) {
          let isInside = false;
          for (const token of children ?? []) {
            if (token.type === 'link_open') isInside = (token.attrGet('href') ?? '').startsWith('../');
            if (isInside && /^link_(open|close)$/.test(token.type)) {
              if (token.type === 'link_close') isInside = false;
              token.type = 'text';
              token.tag = '';
              token.nesting = 0;
              token.content = '';
            }
          }
        }
      });
    },
  },
  // Built, it asks nothing of anybody: no fonts, no analytics, search within the pages.
  themeConfig: {
    search: { provider: 'local' },
    sidebar: guides,
    outline: { level: [2, 3] },
    nav: [
      { text: 'Install', link: '/install' },
      { text: 'RevOps', link: '/revops' },
      { text: 'Reps', link: '/reps' },
      { text: 'Operators', link: '/operators' },
    ],
  },
});
