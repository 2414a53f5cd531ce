import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { InputError } from '../errors.ts';
import { createOutput } from './output.ts';

const FOLDER = fileURLToPath(new URL('../../marketplace', import.meta.url));

type MarketplaceFlags = { json?: boolean; check?: boolean; root: string } & Record<string, unknown>;

export function registerMarketplace(program: Command): void {
  program
    .command('marketplace')
    .description('Write the HubSpot project and the Salesforce package from what the code says.')
    .option('--public-url <url>', 'https address under which the CRMs reach the web process')
    .option('--distribution <kind>', 'HubSpot: marketplace, or private for a few accounts')
    .option('--support-email <address>', 'where users of the app write for help')
    .option('--documentation-url <url>', 'the public guide to install and configure')
    .option('--support-url <url>', 'the public page for help')
    .option('--salesforce-oauth-link <link>', 'what your Dev Hub org says once it has the app')
    .option('--salesforce-package-id <id>', 'what `sf package create` answered')
    .option('--check', 'write nothing; fail where a file differs')
    .option('--root <folder>', 'where the packages are', FOLDER)
    .addHelpText(
      'after',
      `
What is left out is as marketplace/publisher.json says.

Example: npm run -s cli -- marketplace --public-url https://segments.example.com`,
    )
    .action(async (_: unknown, command: Command) => {
      const { json, check = false, root, ...given } = command.optsWithGlobals<MarketplaceFlags>();
      const output = createOutput(json ?? false);
      const { generate } = await generator();
      const found = await generate({ root, check, given });
      for (const { path, now } of found) {
        const verb = check ? 'differs' : now === null ? 'removed' : 'written';
        output.line(`${verb}: marketplace/${path}`);
      }
      if (found.length === 0) output.line('The packages say what the code says.');
      output.result({ files: found.map(({ path }) => path), check });
      if (check && found.length > 0) process.exitCode = 1;
    });
}

/** Read when it is needed only: a copy that serves customers need not have the packages. */
function generator(): Promise<typeof import('../../marketplace/generate.ts')> {
  if (existsSync(FOLDER)) return import('../../marketplace/generate.ts');
  throw new InputError('marketplace_absent', 'This copy of the program has no packages for marketplaces.', {
    action: 'Run it in a copy of the repository.',
  });
}
