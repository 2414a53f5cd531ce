import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { describe } from 'vitest';
import { z } from 'zod';
import { CHROMIUM } from './chromium.ts';

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Tests that need a browser; without one they are skipped, and a line says so. */
export const describeInBrowser = existsSync(CHROMIUM) ? describe : skipLoudly();

function skipLoudly(): typeof describe.skip {
  console.warn(`SKIPPED: ${CHROMIUM} is absent; tests of the screens do not run (install chromium).`);
  return describe.skip;
}

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });

/** What a page did wrong: errors in its console, exceptions, things that the content security policy stopped. */
export function watchPage(page: Page, problems: string[]): void {
  page.on('console', (message) => {
    // A refused request is the server's word, which the screens show; it is no fault of the page.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      problems.push(`${page.url()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`${page.url()}: ${error.stack ?? error.message}`));
}

const Findings = z.array(
  z.object({
    id: z.string(),
    impact: z.string().nullable(),
    help: z.string(),
    nodes: z.array(z.object({ html: z.string(), failureSummary: z.string().optional() })),
  }),
);

let axeSource: string | undefined;

/** What axe-core finds serious or critical on the page as it stands, a line each; empty is what a test wants. */
export async function axe(page: Page): Promise<string[]> {
  axeSource ??= await readFile(join(import.meta.dirname, '../../node_modules/axe-core/axe.min.js'), 'utf8');
  // Evaluated by the debugger, which no content security policy binds.
  await page.evaluate(axeSource);
  const found: unknown = await page.evaluate(
    `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations)`,
  );
  return Findings.parse(found)
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, help, nodes }) =>
        `${id}: ${help}\n${nodes
          .slice(0, 3)
          .map(({ html, failureSummary }) => `  ${html.slice(0, 200)}\n  ${failureSummary ?? ''}`)
          .join('\n')}`,
    );
}
