/**
 * What the marketplaces are given, from what the code says (`npm run -s marketplace`). What a publisher has to say is
 * kept in publisher.json.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
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

/**
 * Writes every file that differs, or with `check` none, and answers which. `given` are facts of the publisher that
 * differ from those kept.
 * @throws InputError where a fact is none, or a webhook would be lost; nothing is written then
 */
export async function generate({
  root,
  check,
  given,
}: {
  root: string;
  check: boolean;
  given: Record<string, unknown>;
}): Promise<Difference[]> {
  const kept = await readPublisher(root);
  const facts = Object.entries(kept).map(([name, value]) => [name, given[name] ?? value]);
  const found = await packageDifferences(root, said(Object.fromEntries(facts)));
  refuseLostSubscriptions(found);
  if (!check) await settle(root, found);
  return found;
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
