/**
 * `npm run preview -- FOLDER`: draws each state of the card, and the settings page, as a PNG in the folder.
 * CHROMIUM names another browser than /usr/bin/chromium.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { createServer } from 'vite';
import { STATES } from './states.ts';

const folder = process.argv[2];
if (folder === undefined) {
  console.error('Name a folder: npm run preview -- /tmp/card');
  process.exit(2);
}
await mkdir(folder, { recursive: true });

const server = await createServer({
  root: import.meta.dirname,
  logLevel: 'error',
  server: { host: '127.0.0.1', port: 0, fs: { allow: [join(import.meta.dirname, '..')] } },
});
await server.listen();
const [url] = server.resolvedUrls?.local ?? [];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
});
try {
  const page = await browser.newPage({ viewport: { width: 632, height: 900 } });
  page.on('pageerror', (error) => console.error(error.message));
  const pages = [
    ...Object.keys(STATES).map((state) => [state, `?state=${state}`]),
    ['settings', '?settings'],
  ];
  for (const [name, query] of pages) {
    await page.goto(`${url}${query}`);
    await page.locator('main h1 + *').waitFor();
    await page.waitForTimeout(150);
    await page.locator('body').screenshot({ path: join(folder, `${name}.png`) });
    console.log(`${name}.png`);
  }
} finally {
  await browser.close();
  await server.close();
}
