import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  COMMAND_LINE_REDIRECT,
  PLATFORM_VERSION,
  PROPERTY_NAMES,
  SCOPES,
  WATCHED_PROPERTIES,
} from '../../connectors/hubspot/app.ts';
import { API_VERSION, BUDGETS } from '../../connectors/hubspot/client.ts';
import { generate, packageDifferences, readPublisher } from '../../marketplace/generate.ts';
import { hubspotPackage, WEBHOOKS_FILE } from '../../marketplace/hubspot-package.ts';
import { lostSubscriptions } from '../../marketplace/lost-subscriptions.ts';
import { Publisher } from '../../marketplace/publisher.ts';
import { createProgram } from '../../src/cli/program.ts';
import { ObjectType } from '../../src/model/record.ts';
import { catalogue } from '../../src/segmentation/catalogue.ts';

const ROOT = 'marketplace';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'segment-sync-marketplace-'));
  await copyFile(`${ROOT}/publisher.json`, join(folder, 'publisher.json'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Which files of the folder the generator wrote, or with `check` would have written. */
async function run(given: Partial<Publisher> = {}, check = false): Promise<string[]> {
  return (await generate({ root: folder, check, given })).map(({ path }) => path);
}

/** The command itself. */
async function spawned(...flags: string[]): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(process.execPath, ['src/cli.ts', 'marketplace', '--root', folder, ...flags]);
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    said.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    said.err += chunk;
  });
  const [code] = await once(child, 'close');
  return { code: Number(code), ...said };
}

describe('the packages for the marketplaces', () => {
  it('say what the code says', async () => {
    const found = await packageDifferences(ROOT, await readPublisher(ROOT));
    expect(found.map(({ path }) => path)).toEqual([]);
  });

  it('are the same bytes each time, for the address that is given', async () => {
    const address = 'https://labels.example.org';
    expect(await run({ publicUrl: address })).toContain('publisher.json');
    expect(await run()).toEqual([]);
    for (const path of ['src/app/app-hsmeta.json', WEBHOOKS_FILE, 'src/app/cards/address.ts']) {
      const text = await readFile(join(folder, 'hubspot', path), 'utf8');
      expect(text, path).toContain(address);
      expect(text, path).not.toContain('segments.example.com');
    }
  });

  it('are checked without being written, and mended', async () => {
    await run();
    const webhooks = join(folder, 'hubspot', WEBHOOKS_FILE);
    const before = await readFile(webhooks, 'utf8');
    const changed = before.replace('"active": true', '"active": false');
    await writeFile(webhooks, changed);
    await writeFile(join(folder, 'hubspot/src/app/cards/old-hsmeta.json'), '{}');
    const checked = await spawned('--check');
    expect(checked).toMatchObject({ code: 1, err: '' });
    expect(checked.out.trim().split('\n').sort()).toEqual([
      'differs: marketplace/hubspot/src/app/cards/old-hsmeta.json',
      `differs: marketplace/hubspot/${WEBHOOKS_FILE}`,
    ]);
    expect(await readFile(webhooks, 'utf8')).toBe(changed);
    expect(await run()).toContain('hubspot/src/app/cards/old-hsmeta.json');
    expect(await readFile(webhooks, 'utf8')).toBe(before);
    expect(await run({}, true)).toEqual([]);
  });

  it('are not written where a webhook that may be deployed would vanish', async () => {
    await run();
    const webhooks = join(folder, 'hubspot', WEBHOOKS_FILE);
    const before = await readFile(webhooks, 'utf8');
    await writeFile(webhooks, before.replace('"jobtitle"', '"job_function"'));
    await expect(run()).rejects.toMatchObject({
      code: 'subscription_lost',
      message: expect.stringContaining('contact object.propertyChange job_function'),
    });
    await writeFile(webhooks, before);
  });

  it('are not written for what no marketplace takes', async () => {
    const before = await readFile(join(folder, 'publisher.json'), 'utf8');
    const refused = await spawned('--public-url', 'http://segments.example.com', '--support-email', 'nobody');
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('publicUrl must be an https address. supportEmail must be');
    expect(refused.err).toContain('Nothing was written.');
    expect(await readFile(join(folder, 'publisher.json'), 'utf8')).toBe(before);
  });

  it.each([
    ['publicUrl', 'http://segments.example.com'],
    ['publicUrl', 'https://localhost'],
    ['publicUrl', 'https://127.0.0.1:3000'],
    ['publicUrl', 'https://example.com/app'],
    ['distribution', 'everybody'],
    ['supportEmail', 'nobody'],
    ['documentationUrl', 'docs/install'],
  ])('are not for a publisher whose %s is %s', async (field, value) => {
    const publisher = await readPublisher(ROOT);
    expect(Publisher.safeParse({ ...publisher, [field]: value }).success).toBe(false);
  });
});

describe('the HubSpot project', () => {
  const filesFor = async (distribution: 'marketplace' | 'private') =>
    hubspotPackage({ ...(await readPublisher(ROOT)), distribution });

  it('differs where a right, an address or a webhook of the code does', async () => {
    const files = await filesFor('marketplace');
    const app = files['src/app/app-hsmeta.json'] ?? '';
    for (const scope of [...SCOPES.required, ...SCOPES.optional]) expect(app).toContain(`"${scope}"`);
    expect(app).toContain('/oauth/hubspot/callback"');
    expect(app).not.toContain('localhost');
    expect(files[WEBHOOKS_FILE]).toContain('/webhooks/hubspot"');
  });

  it('is explained right by right to the publisher', async () => {
    const page = await readFile('docs/marketplace-hubspot.md', 'utf8');
    const all = [...SCOPES.required, ...SCOPES.optional];
    for (const scope of all) expect(page).toContain(`\`${scope}\``);
    const named = [...page.matchAll(/`(crm\.[a-z.]+)`/g)].map(([, scope]) => scope);
    expect(named.filter((scope) => !all.some((known) => known === scope))).toEqual([]);
    expect(page).toContain(API_VERSION);
    expect(page).toContain(PLATFORM_VERSION);
    expect(page).toContain(`${BUDGETS.general.permits} calls in 10 s and ${BUDGETS.search.permits} searches`);
  });

  it('lets a private app be authorised from the command line, at the address that its help names', async () => {
    expect((await filesFor('private'))['src/app/app-hsmeta.json']).toContain(COMMAND_LINE_REDIRECT);
    const connect = (await createProgram()).commands.find((command) => command.name() === 'connect');
    let help = '';
    connect?.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    expect(help).toContain(COMMAND_LINE_REDIRECT);
  });

  it.each(ObjectType.options)('watches only properties of a %s that attributes are read from', (object) => {
    const known = catalogue
      .flatMap(({ mappings }) => mappings)
      .filter((mapping) => mapping.system === 'hubspot' && mapping.object === object)
      .flatMap(({ properties }) => properties);
    const watched = WATCHED_PROPERTIES[object];
    expect(watched.filter((name) => !known.includes(name))).toEqual([]);
    // Its own writes would come back as news.
    expect(watched.filter((name) => name.startsWith(PROPERTY_NAMES.label('')))).toEqual([]);
  });

  it('never loses a webhook, but may keep it as inactive', async () => {
    const now = (await filesFor('marketplace'))[WEBHOOKS_FILE] ?? '';
    const before = now.replaceAll('"city"', '"town"');
    expect(lostSubscriptions(before, now)).toEqual([
      'contact object.propertyChange town',
      'company object.propertyChange town',
    ]);
    expect(lostSubscriptions(now.replaceAll('"active": false', '"active": true'), now)).toEqual([]);
    expect(lostSubscriptions(null, now)).toEqual([]);
  });
});
