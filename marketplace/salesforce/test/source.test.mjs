/**
 * Reads the package as Salesforce's own tools do before they send it, without an org: which components there are, and
 * whether each finds what it refers to. An org checks more when it takes them.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { ComponentSet, MetadataConverter } from '@salesforce/source-deploy-retrieve';

const ROOT = join(import.meta.dirname, '..');

/** @type {import('@salesforce/source-deploy-retrieve').SourceComponent[]} */
let components;
let out = '';
before(async () => {
  components = ComponentSet.fromSource(join(ROOT, 'force-app')).getSourceComponents().toArray();
  out = await mkdtemp(join(tmpdir(), 'segment-sync-'));
});
after(() => rm(out, { recursive: true }));

const of = (type) => components.filter((component) => component.type.name === type);
const namesOf = (type) => of(type).map(({ fullName }) => fullName);
const contentOf = async (component) => Object.values(await component.parseXml()).at(-1);
const list = (value) => (value === undefined ? [] : [value].flat());

it('knows every file as a component', async () => {
  const counts = Object.fromEntries(
    Map.groupBy(components, ({ type }) => type.name)
      .entries()
      .map(([type, all]) => [type, all.length]),
  );
  const { CustomField, ...others } = counts;
  assert.ok(CustomField > 20);
  assert.deepEqual(others, {
    ApexClass: 2,
    CustomApplication: 1,
    CustomLabels: 1,
    CustomTab: 1,
    ExternalClientApplication: 1,
    ExternalCredential: 1,
    ExtlClntAppOauthSettings: 1,
    LightningComponentBundle: 2,
    ListView: 4,
    NamedCredential: 1,
    PermissionSet: 3,
    ReportType: 3,
  });
  const known = components.flatMap((component) => [component.xml, ...component.walkContent()]);
  const files = await readdir(join(ROOT, 'force-app'), { recursive: true, withFileTypes: true });
  const unknown = files
    .filter((file) => file.isFile() && !file.parentPath.endsWith('__tests__'))
    .map((file) => join(file.parentPath, file.name))
    .filter((path) => !known.includes(path));
  assert.deepEqual(unknown, []);
});

it('holds no secret: none belongs to a package', async () => {
  for (const component of components) {
    const texts = await Promise.all([component.xml].filter(Boolean).map((path) => readFile(path, 'utf8')));
    assert.doesNotMatch(texts.join('\n'), /consumer(Key|Secret)|<password>/i, component.fullName);
  }
});

it('can be turned into the form that is deployed', async () => {
  const set = ComponentSet.fromSource(join(ROOT, 'force-app'));
  const { packagePath } = await new MetadataConverter().convert(set, 'metadata', {
    type: 'directory',
    outputDirectory: out,
    genUniqueDir: false,
  });
  const project = JSON.parse(await readFile(join(ROOT, 'sfdx-project.json'), 'utf8'));
  const manifest = await readFile(join(packagePath, 'package.xml'), 'utf8');
  const contact = await readFile(join(packagePath, 'objects/Contact.object'), 'utf8');
  assert.match(manifest, /<members>Contact\.Segment_Sync_Rfm__c<\/members>/);
  assert.match(contact, /<fullName>Segment_Sync_Rfm__c<\/fullName>/);
  assert.match(project.sourceApiVersion, /^\d\d\.0$/);
});

it('goes by one API version everywhere', async () => {
  const { sourceApiVersion } = JSON.parse(await readFile(join(ROOT, 'sfdx-project.json'), 'utf8'));
  for (const component of [...of('ApexClass'), ...of('LightningComponentBundle')]) {
    const { apiVersion } = await contentOf(component);
    assert.equal(Number(apiVersion), Number(sourceApiVersion), component.fullName);
  }
});

it('lets the permission sets name what is there, and nothing of the subscriber’s', async () => {
  const fields = namesOf('CustomField').sort();
  for (const component of of('PermissionSet')) {
    const set = await contentOf(component);
    assert.deepEqual(
      list(set.fieldPermissions).map(({ field }) => field),
      fields,
    );
    const mayEdit = list(set.fieldPermissions).filter(({ editable }) => String(editable) === 'true');
    assert.equal(mayEdit.length, component.fullName === 'Segment_Sync' ? fields.length : 0);
    for (const { apexClass } of list(set.classAccesses)) assert.ok(namesOf('ApexClass').includes(apexClass));
    for (const { tab } of list(set.tabSettings)) assert.ok(namesOf('CustomTab').includes(tab));
    for (const { application } of list(set.applicationVisibilities)) {
      assert.ok(namesOf('CustomApplication').includes(application));
    }
    assert.equal(set.objectPermissions, undefined);
    assert.equal(set.userPermissions, undefined);
  }
});

it('lets reps use the credential that the component calls with', async () => {
  const [external] = of('ExternalCredential');
  const { externalCredentialParameters } = await contentOf(external);
  const principal = externalCredentialParameters.find(
    ({ parameterType }) => parameterType === 'NamedPrincipal',
  );
  const set = await contentOf(of('PermissionSet').find(({ fullName }) => fullName === 'Segment_Sync_Read'));
  const { externalCredentialPrincipal } = set.externalCredentialPrincipalAccesses;
  assert.equal(externalCredentialPrincipal, `${external.fullName}-${principal.parameterName}`);
  const named = await contentOf(of('NamedCredential')[0]);
  const link = named.namedCredentialParameters.find(
    ({ parameterType }) => parameterType === 'Authentication',
  );
  assert.equal(link.externalCredential, external.fullName);
  const apex = await readFile(
    of('ApexClass').find(({ fullName }) => fullName === 'SegmentSyncCard').content,
    'utf8',
  );
  assert.ok(apex.includes(`callout:${of('NamedCredential')[0].fullName}/`));
});

it('shows only fields that are there in list views and reports', async () => {
  const fields = new Set(namesOf('CustomField'));
  for (const view of of('ListView')) {
    const [sobject] = view.fullName.split('.');
    const { columns, filters } = await contentOf(view);
    const ours = [...list(columns), ...list(filters).map(({ field }) => field)].filter((name) =>
      name.endsWith('__c'),
    );
    for (const name of ours) assert.ok(fields.has(`${sobject}.${name}`), `${view.fullName}: ${name}`);
  }
  for (const report of of('ReportType')) {
    const { sections } = await contentOf(report);
    const columns = list(sections).flatMap((section) => list(section.columns));
    const ours = columns.filter(({ field }) => field.endsWith('__c'));
    assert.ok(ours.length > 0);
    for (const { field, table } of ours)
      assert.ok(fields.has(`${table}.${field}`), `${report.fullName}: ${field}`);
  }
});

it('opens the setup page by its tab', async () => {
  const { lwcComponent } = await contentOf(of('CustomTab')[0]);
  assert.ok(namesOf('LightningComponentBundle').includes(lwcComponent));
  const bundle = of('LightningComponentBundle').find(({ fullName }) => fullName === lwcComponent);
  assert.ok(list((await contentOf(bundle)).targets.target).includes('lightning__Tab'));
  assert.ok(list((await contentOf(of('CustomApplication')[0])).tabs).includes(of('CustomTab')[0].fullName));
});
