import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import type { PrepareTarget, Write } from '../../connectors/contract.ts';
import { NAMESPACE } from '../../connectors/salesforce/app.ts';
import { fieldFiles } from '../../connectors/salesforce/bundle.ts';
import salesforce from '../../connectors/salesforce/index.ts';
import { FieldRemote } from '../../connectors/salesforce/remotes.ts';
import { inner, textIn } from '../../connectors/salesforce/xml.ts';
import { builtIn, fieldsOf } from '../../marketplace/salesforce-fields.ts';
import { label, labelTarget, push } from '../connectors/conformance-rig.ts';
import { type SalesforceRig, salesforceRig, seedOf } from '../connectors/salesforce-rig.ts';

const FOLDER = join(import.meta.dirname, '../../marketplace/salesforce');
const OAuthSettings = z.object({
  callbackUrl: z.url(),
  scopes: z.array(z.object({ name: z.string() })),
});
const settings = OAuthSettings.parse(JSON.parse(readFileSync(join(FOLDER, 'oauth-settings.json'), 'utf8')));

/** An org in which the package is installed: its fields are there, and nobody sees them yet. */
async function orgWithPackage(): Promise<SalesforceRig> {
  const at = { createdAt: '2023-01-01T00:00:00.000Z', updatedAt: '2024-01-01T00:00:00.000Z' };
  const seed = seedOf({ contacts: 2, companies: 1, deals: 0 });
  const contacts = [
    ...seed.contacts,
    { ref: '9', properties: { LastName: 'Solo', IsPersonAccount: true }, ...at },
  ];
  const made = await salesforceRig({ ...seed, contacts });
  for (const [path, xml] of Object.entries(fieldFiles(fieldsOf(builtIn())))) {
    const sobject = path.split('/')[1] ?? '';
    const valueSetDefinition = {
      sorted: false,
      value: inner(xml, 'value').map((one) => ({
        valueName: textIn(one, 'fullName') ?? '',
        label: textIn(one, 'label') ?? '',
        isActive: true,
      })),
    };
    const label = /<label>([^<]*)<\/label>\s*<type>/.exec(xml)?.[1];
    const isPicklist = valueSetDefinition.value.length > 0;
    made.crm.admin.installField(NAMESPACE, `${sobject}.${textIn(xml, 'fullName')}`, {
      type: textIn(xml, 'type'),
      label,
      description: textIn(xml, 'description'),
      ...(isPicklist && { visibleLines: 4, valueSet: { restricted: true, valueSetDefinition } }),
    });
  }
  return made;
}

let rig: SalesforceRig;
beforeEach(async () => {
  rig = await orgWithPackage();
});
afterEach(async () => {
  expect(rig.broken()).toEqual({ rules: [], throttled: 0 });
  await rig.stop();
});

const rfm = builtIn().find(({ key }) => key === 'rfm');
const target = (change: Partial<PrepareTarget> = {}): PrepareTarget =>
  labelTarget('property', {
    segmentation: { key: 'rfm', name: rfm?.name ?? '', labels: 'one' },
    segments: rfm?.segments ?? [],
    ...change,
  });
const namesOf = (sobject: string) => rig.crm.admin.fields(sobject).map(({ name }) => name);

it('lets an admin in by the address and the scopes of the package', async () => {
  const config = { loginUrl: rig.crm.url };
  const verifier = randomBytes(48).toString('base64url');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const redirectUri = settings.callbackUrl;
  const asked = salesforce.authorize.url(rig.crm.app, { config, redirectUri, state: 's', challenge });
  expect(new URL(asked).searchParams.get('scope')?.split(' ')).toEqual(
    settings.scopes.map(({ name }) => name),
  );
  const back = new URL((await fetch(asked, { redirect: 'manual' })).headers.get('location') ?? '');
  expect(back.href.startsWith(`${settings.callbackUrl}?`)).toBe(true);
  const secret = await salesforce.authorize.exchange(rig.crm.app, {
    config,
    redirectUri,
    verifier,
    code: back.searchParams.get('code') ?? '',
    fetch,
    signal: new AbortController().signal,
    now: new Date(),
  });
  expect(secret.apiUrl).toBe(rig.crm.url);
});

it('uses the fields of the package, makes none beside them, and writes to contacts and person accounts', async () => {
  const [made] = await salesforce.prepare(rig.context(), [target()]);
  expect(made).toMatchObject({
    state: 'ready',
    remote: { property: 'segmentsync__Segment_Sync_Rfm__c', type: 'Picklist' },
  });
  expect(made?.made).toBeUndefined();
  expect(namesOf('Contact')).not.toContain('Segment_Sync_Rfm__c');
  const remote = FieldRemote.parse(made?.remote);
  const [contact = ''] = rig.ids('contact');
  const person = rig.crm.admin.find('Contact', 'LastName', 'Solo')[0]?.Id ?? '';
  const writes: Write[] = [label(contact, 'loyal'), label(person, 'at_risk')].map((write, index) => ({
    ...write,
    recordKind: index === 0 ? 'contact' : 'person_account',
  }));
  const outcomes = await push(rig, writes, { 'target-1': remote });
  expect(outcomes.map(({ state }) => state)).toEqual(['done', 'done']);
  expect(rig.crm.admin.record(contact)?.[remote.property]).toBe('loyal');
  expect(rig.crm.admin.record(person)?.[remote.property]).toBe('at_risk');
});

it('writes nothing when all is as it was', async () => {
  const [made] = await salesforce.prepare(rig.context(), [target()]);
  const before = rig.writes();
  const [again] = await salesforce.prepare(rig.context(), [target({ remote: made?.remote ?? null })]);
  expect(again?.state).toBe('ready');
  expect(rig.writes()).toBe(before);
});

it('keeps a field that it made before the package came', async () => {
  rig.crm.admin.deleteField(`Contact.${NAMESPACE}__Segment_Sync_Rfm__c`);
  const [first] = await salesforce.prepare(rig.context(), [target()]);
  expect(FieldRemote.parse(first?.remote).property).toBe('Segment_Sync_Rfm__c');
  rig.crm.admin.installField(NAMESPACE, 'Contact.Segment_Sync_Rfm__c', {
    type: 'DateTime',
    label: 'x',
  });
  const [again] = await salesforce.prepare(rig.context(), [target({ remote: first?.remote ?? null })]);
  expect(FieldRemote.parse(again?.remote).property).toBe('Segment_Sync_Rfm__c');
});

it('says what to do where a segmentation of the same key does not fit the field of the package', async () => {
  const segmentation = { key: 'rfm', name: 'Mine', labels: 'many' as const };
  const [made] = await salesforce.prepare(rig.context(), [target({ segmentation })]);
  expect(made).toMatchObject({
    state: 'needs_you',
    action: expect.stringContaining('belongs to the installed package'),
  });
});

it('leaves the fields to the package when it is taken out', async () => {
  const [made] = await salesforce.prepare(rig.context(), [target()]);
  const remotes = [{ kind: 'property' as const, object: 'contact' as const, remote: made?.remote ?? null }];
  const { stays } = await salesforce.uninstall(rig.context(), { keep: 'nothing', remotes });
  expect(stays).toEqual(
    expect.arrayContaining([
      'field Contact.segmentsync__Segment_Sync_Rfm__c',
      expect.stringContaining('Installed Packages'),
    ]),
  );
  expect(namesOf('Contact')).toContain('segmentsync__Segment_Sync_Rfm__c');
});
