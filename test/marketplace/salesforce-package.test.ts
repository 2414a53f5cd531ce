import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { CARD_PATH, NAMESPACE, ORG_HEADER, REDIRECT_PATH, SCOPES } from '../../connectors/salesforce/app.ts';
import { bundleOf } from '../../connectors/salesforce/bundle.ts';
import salesforce from '../../connectors/salesforce/index.ts';
import { differences } from '../../marketplace/package-files.ts';
import { Publisher } from '../../marketplace/publisher.ts';
import { builtIn, fieldsOf } from '../../marketplace/salesforce-fields.ts';
import { isGenerated, salesforcePackage } from '../../marketplace/salesforce-package.ts';
import { CardAnswer } from '../../src/server/card-answer.ts';
import { labelTarget, prepareOne } from '../connectors/conformance-rig.ts';
import { type SalesforceRig, salesforceRig, seedOf } from '../connectors/salesforce-rig.ts';

const ROOT = join(import.meta.dirname, '../../marketplace');
const FOLDER = join(ROOT, 'salesforce');
const Drawn = z.object({
  STATES: z.record(z.string(), z.object({ answer: z.object({ body: z.string().nullable() }).nullable() })),
});

const SOURCE = 'force-app/main/default/';

const publisher = Publisher.parse(JSON.parse(readFileSync(join(ROOT, 'publisher.json'), 'utf8')));
const files = salesforcePackage(publisher);
const textOf = (path: string) => {
  const text = files[path] ?? files[SOURCE + path];
  if (text === undefined) throw new Error(`no generated file ${path}`);
  return text;
};
const handWritten = (path: string) => readFileSync(join(FOLDER, SOURCE, path), 'utf8');

it('is checked in as the code would write it', async () => {
  const found = await differences(FOLDER, files, isGenerated);
  expect(
    found.map(({ path }) => path),
    'run: npm run marketplace',
  ).toEqual([]);
});

it('is the same, byte for byte, when it is written again', () => {
  expect(salesforcePackage(publisher)).toEqual(files);
  expect(Object.keys(salesforcePackage(publisher))).toEqual(Object.keys(files));
});

it('leads to the address that it is written for, and nowhere else', () => {
  const other = salesforcePackage({ ...publisher, publicUrl: 'https://elsewhere.example.org' });
  const changed = Object.keys(files).filter((path) => files[path] !== other[path]);
  expect(changed).toEqual([
    `${SOURCE}labels/CustomLabels.labels-meta.xml`,
    `${SOURCE}namedCredentials/Segment_Sync.namedCredential-meta.xml`,
    'oauth-settings.json',
  ]);
  const texts = changed.map((path) => other[path]).join('\n');
  expect(texts).toContain('https://elsewhere.example.org');
  expect(texts).not.toContain(publisher.publicUrl);
  expect(textOf('oauth-settings.json')).toContain(`${publisher.publicUrl}${REDIRECT_PATH}`);
});

it('is tied to the keys in the publisher’s org once that org has made them', () => {
  const link = '00Dxx0000001gPL:888xx0000004C92';
  const tied = salesforcePackage({ ...publisher, salesforceOauthLink: link });
  const changed = Object.keys(files).filter((path) => files[path] !== tied[path]);
  expect(changed.map((path) => path.replace(SOURCE, ''))).toEqual([
    'externalClientApps/Segment_Sync.eca-meta.xml',
    'extlClntAppOauthSettings/Segment_Sync_OAuth.ecaOauth-meta.xml',
  ]);
  const texts = changed.map((path) => tied[path]).join('\n');
  expect(texts).toContain(`<oauthLink>${link}</oauthLink>`);
  expect(texts).toContain('<orgScopedExternalApp>00Dxx0000001gPL:Segment_Sync</orgScopedExternalApp>');
});

it('knows its id once it has been created', () => {
  const id = '0Ho000000000001AAA';
  const known = salesforcePackage({ ...publisher, salesforcePackageId: id })['sfdx-project.json'] ?? '';
  expect(JSON.parse(known)).toMatchObject({
    packageDirectories: [{ package: 'Segment Sync' }],
    packageAliases: { 'Segment Sync': id },
  });
});

describe('the fields of the package', () => {
  const fields = fieldsOf(builtIn());
  const places = fields.flatMap(({ sobjects, name }) => sobjects.map((sobject) => `${sobject}.${name}`));

  it('are those of each built-in segmentation, on people and companies alike', () => {
    const paths = places.map((place) => place.replace('.', '/fields/'));
    for (const path of paths) expect(files).toHaveProperty([`${SOURCE}objects/${path}.field-meta.xml`]);
    expect(Object.keys(files).filter((path) => path.includes('/fields/'))).toHaveLength(paths.length);
    expect(places).toEqual(
      expect.arrayContaining([
        'Contact.Segment_Sync_Rfm__c',
        'Lead.Segment_Sync_Rfm__c',
        'Contact.Segment_Sync_Shop_Primary__c',
        'Contact.Segment_Sync_Changed__c',
        'Account.Segment_Sync_Accounts__c',
        'Account.Segment_Sync_Changed__c',
      ]),
    );
  });

  it('are the ones that an admin is given to deploy without the package', () => {
    const bundle = bundleOf(fields);
    const shared = Object.keys(bundle).filter((path) => path.includes('/fields/'));
    expect(shared.length).toBe(places.length);
    for (const path of [...shared, 'permissionsets/Segment_Sync.permissionset-meta.xml']) {
      expect(bundle[path]).toBe(textOf(path));
    }
  });

  it('fit into what Salesforce allows: names of 40 characters, labels of 40, values that differ', () => {
    for (const { name, label, values } of fields) {
      expect(name.replace(/__c$/, '').length).toBeLessThanOrEqual(40);
      expect(label.length).toBeLessThanOrEqual(40);
      expect(new Set(values.map((value) => value.label.toLowerCase())).size).toBe(values.length);
    }
  });
});

it('lets the Apex class ask where the app answers, and say which org asks', () => {
  const apex = handWritten('classes/SegmentSyncCard.cls');
  expect(apex).toContain(`'callout:Segment_Sync${CARD_PATH}'`);
  expect(apex).toContain(`setHeader('${ORG_HEADER}', UserInfo.getOrganizationId())`);
});

describe('the component is drawn and tested with answers that the server could give', async () => {
  const { STATES } = Drawn.parse(await import(join(FOLDER, 'preview/states.js')));
  const answers = Object.entries(STATES).flatMap(([state, { answer }]) =>
    answer?.body ? [{ state, body: answer.body }] : [],
  );

  it.each(answers)('$state', ({ body }) => {
    const instants = new Set(['since', 'asOf', 'endedAt']);
    const answer = JSON.parse(body, (key, value) => (instants.has(key) && value ? new Date(value) : value));
    expect(CardAnswer.safeParse(answer).error?.issues).toBeUndefined();
  });

  it('in more than one state', () => {
    expect(answers.length).toBeGreaterThan(3);
  });
});

it('has a namespace that Salesforce would take, and knows its fields by it', () => {
  expect(NAMESPACE).toMatch(/^[a-z][a-z0-9]{0,14}$/);
  expect(JSON.parse(textOf('sfdx-project.json'))).toMatchObject({ namespace: NAMESPACE });
});

describe('the scopes', () => {
  let rig: SalesforceRig;
  afterEach(() => rig.stop());

  it('are asked for by the package as by the connector, and each is used by a call', async () => {
    rig = await salesforceRig(seedOf({ contacts: 1, companies: 1, deals: 0 }));
    await prepareOne(rig, labelTarget('property'));
    rig.crm.admin.expireAccessTokens();
    await salesforce.identify(rig.context());
    const { endpoints, tokens } = rig.crm.journal.totals();
    expect(tokens).toBeGreaterThan(0);
    const used = new Set(
      Object.keys(endpoints).map(
        (endpoint) => ({ userinfo: 'id', token: 'refresh_token' })[endpoint] ?? 'api',
      ),
    );
    expect([...used].sort()).toEqual(SCOPES.map(({ name }) => name).sort());
    expect(textOf('extlClntAppOauthSettings/Segment_Sync_OAuth.ecaOauth-meta.xml')).toContain(
      '<commaSeparatedOauthScopes>Api, RefreshToken, Basic</commaSeparatedOauthScopes>',
    );
  });
});
