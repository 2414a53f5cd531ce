/**
 * `npm run -s marketplace -- --public-url https://… [--check]`: writes what the marketplaces are given from what the
 * code says. What a publisher has to say once is kept in publisher.json.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { reportError } from '../src/cli/output.ts';
import { InputError } from '../src/errors.ts';
import { hubspotPackage } from './hubspot-package.ts';
import { jsonText } from './json-text.ts';
import { lostSubscriptions } from './lost-subscriptions.ts';
import { Publisher } from './publisher.ts';
import { salesforcePackage } from './salesforce-package.ts';

/** One package of files in a folder beside this program. */
const PACKAGES: { folder: string; files: (publisher: Publisher) => Record<string, string> }[] = [
  { folder: 'hubspot', files: hubspotPackage },
  { folder: 'salesforce', files: salesforcePackage },
];

const PUBLISHER_FILE = 'publisher.json';
const WEBHOOKS_FILE = 'hubspot/src/app/webhooks/webhooks-hsmeta.json';

/** Every generated file: path under marketplace/ -> text. */
export function generatedFiles(publisher: Publisher): Record<string, string> {
  const named = PACKAGES.flatMap(({ folder, files }) =>
    Object.entries(files(publisher)).map(([path, text]) => [`${folder}/${path}`, text] as const),
  );
  return { [PUBLISHER_FILE]: jsonText(publisher), ...Object.fromEntries(named) };
}

export async function readPublisher(root: string): Promise<Publisher> {
  return Publisher.parse(JSON.parse(await readFile(join(root, PUBLISHER_FILE), 'utf8')));
}

/** Paths of the files that are missing or say something else. */
export async function staleFiles(root: string, files: Record<string, string>): Promise<string[]> {
  const stale: string[] = [];
  for (const [path, text] of Object.entries(files)) {
    if ((await textOf(join(root, path))) !== text) stale.push(path);
  }
  return stale;
}

async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

async function writeFiles(root: string, files: Record<string, string>, paths: string[]): Promise<void> {
  const lost = lostSubscriptions(await textOf(join(root, WEBHOOKS_FILE)), files[WEBHOOKS_FILE] ?? '');
  if (lost.length > 0) {
    throw new InputError(
      'subscription_lost',
      `HubSpot refuses a project that has lost a webhook: ${lost.join(', ')}. Nothing was written.`,
      {
        action:
          'Add it to RETIRED_PROPERTIES in connectors/hubspot/app.ts, so that it is written as inactive.',
      },
    );
  }
  for (const path of paths) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), files[path] ?? '');
  }
}

type Flags = Partial<Publisher> & { check?: boolean; root: string };

async function generate({ check, root, ...given }: Flags): Promise<number> {
  const said = Publisher.safeParse({ ...(await readPublisher(root)), ...given });
  if (!said.success) {
    const faults = said.error.issues.map(({ path, message }) => `${path.join('.')} must be ${message}.`);
    throw new InputError('publisher_invalid', `${faults.join(' ')} Nothing was written.`, {
      action: 'Correct the option, or marketplace/publisher.json.',
    });
  }
  const files = generatedFiles(said.data);
  const stale = await staleFiles(root, files);
  if (!check) await writeFiles(root, files, stale);
  const verb = check ? 'differs' : 'written';
  for (const path of stale) process.stdout.write(`${verb}: marketplace/${path}\n`);
  if (stale.length === 0) process.stdout.write('The packages say what the code says.\n');
  return check && stale.length > 0 ? 1 : 0;
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
    return await generate(program.opts<Flags>());
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    reportError(error, false);
    return 1;
  }
}

if (import.meta.main) process.exitCode = await main(process.argv);
