/**
 * `npm run -s marketplace -- --public-url https://… [--check]`: writes what the marketplaces are given from what the
 * code says. What a publisher has to say once is kept in publisher.json.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { reportError } from '../src/cli/output.ts';
import { InputError } from '../src/errors.ts';
import * as hubspot from './hubspot-package.ts';
import { jsonText } from './json-text.ts';
import { lostSubscriptions } from './lost-subscriptions.ts';
import { type Difference, differences, settle } from './package-files.ts';
import { Publisher } from './publisher.ts';
import * as salesforce from './salesforce-package.ts';

/** A folder beside this program, what is generated in it, and how to know it. */
type Package = {
  folder: string;
  files: (publisher: Publisher) => Record<string, string>;
  isGenerated: (path: string) => boolean;
};

export const PACKAGES: readonly Package[] = [
  { folder: 'hubspot', files: hubspot.hubspotPackage, isGenerated: hubspot.isGenerated },
  { folder: 'salesforce', files: salesforce.salesforcePackage, isGenerated: salesforce.isGenerated },
];

const PUBLISHER_FILE = 'publisher.json';

export async function readPublisher(root: string): Promise<Publisher> {
  return Publisher.parse(JSON.parse(await readFile(join(root, PUBLISHER_FILE), 'utf8')));
}

/** Every file under `root` that is not as the code would write it. */
export async function packageDifferences(root: string, publisher: Publisher): Promise<Difference[]> {
  const found = await differences(root, { [PUBLISHER_FILE]: jsonText(publisher) }, () => false);
  for (const { folder, files, isGenerated } of PACKAGES) {
    const inside = await differences(join(root, folder), files(publisher), isGenerated);
    found.push(...inside.map((one) => ({ ...one, path: `${folder}/${one.path}` })));
  }
  return found;
}

type Flags = Partial<Publisher> & { check?: boolean; root: string };

/**
 * Writes what differs, or with `check` only says so. Answers how many files differed.
 * @throws InputError where a publisher's fact is none, or a webhook would be lost; nothing is written then
 */
export async function generate(
  { check, root, ...given }: Flags,
  say: (line: string) => void,
): Promise<number> {
  const found = await packageDifferences(root, said({ ...(await readPublisher(root)), ...given }));
  refuseLostSubscriptions(found);
  if (!check) await settle(root, found);
  for (const { path, now } of found) {
    const verb = check ? 'differs' : now === null ? 'removed' : 'written';
    say(`${verb}: marketplace/${path}`);
  }
  if (found.length === 0) say('The packages say what the code says.');
  return found.length;
}

function said(given: unknown): Publisher {
  const parsed = Publisher.safeParse(given);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')} must be ${message}.`);
  throw new InputError('publisher_invalid', `${faults.join(' ')} Nothing was written.`, {
    action: 'Correct the option, or marketplace/publisher.json.',
  });
}

function refuseLostSubscriptions(found: Difference[]): void {
  const webhooks = found.find(({ path }) => path === `hubspot/${hubspot.WEBHOOKS_FILE}`);
  const lost = lostSubscriptions(webhooks?.before ?? null, webhooks?.now ?? null);
  if (lost.length === 0) return;
  throw new InputError(
    'subscription_lost',
    `HubSpot refuses a project that has lost a webhook: ${lost.join(', ')}. Nothing was written.`,
    { action: 'Add it to RETIRED_PROPERTIES in connectors/hubspot/app.ts: it is then written as inactive.' },
  );
}

/** Exit codes: 0 done, 1 it failed or --check found a difference, 2 the command line is wrong. */
async function main(argv: string[]): Promise<number> {
  const { shape } = Publisher;
  const program = new Command('marketplace')
    .description('Writes the HubSpot project and the Salesforce package from what the code says.')
    .option('--public-url <url>', shape.publicUrl.description)
    .option('--distribution <kind>', shape.distribution.description)
    .option('--support-email <address>', shape.supportEmail.description)
    .option('--documentation-url <url>', shape.documentationUrl.description)
    .option('--support-url <url>', shape.supportUrl.description)
    .option('--check', 'write nothing; fail where a file differs')
    .option('--root <folder>', 'where the packages are', import.meta.dirname)
    .addHelpText('after', '\nWhat is left out is as marketplace/publisher.json says.')
    .exitOverride();
  try {
    program.parse(argv);
    const flags = program.opts<Flags>();
    const differing = await generate(flags, (line) => process.stdout.write(`${line}\n`));
    return flags.check && differing > 0 ? 1 : 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    reportError(error, false);
    return 1;
  }
}

if (import.meta.main) process.exitCode = await main(process.argv);
