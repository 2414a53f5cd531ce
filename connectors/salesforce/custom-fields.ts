import { z } from 'zod';
import { RemoteError } from '../../src/errors.ts';
import type { Context, Prepared } from '../contract.ts';
import { bareName, MARKER, NAMESPACE, PACKAGED } from './app.ts';
import { bundleOf } from './bundle.ts';
import { call, dataPath } from './client.ts';
import type { SalesforceConfig } from './config.ts';
import {
  described,
  hasType,
  metadataOf,
  type PicklistValue,
  valueSet,
  valuesChange,
  type Wanted,
} from './field-plan.ts';
import { needsYou } from './needs-you.ts';
import { type Grant, grantFields } from './permissions.ts';
import type { FieldRemote } from './remotes.ts';
import { forgetSchemas, schemaOf } from './schema.ts';
import { chunks, inList } from './soql.ts';

/** A field of the org, whether we may see its values or not. */
type Existing = { id: string; sobject: string; name: string; isOurs: boolean };

/** Makes fields ready: there, ours, with the right values, and visible to the connected user. */
export async function prepareFields(
  context: Context<SalesforceConfig>,
  given: Wanted[],
): Promise<Prepared[]> {
  if (given.length === 0) return [];
  forgetSchemas(context);
  const fields = await Promise.all(given.map((wanted) => asTheOrgIs(context, wanted)));
  const settled = await Promise.all(fields.map((wanted) => isSettled(context, wanted)));
  let open = fields.filter((_wanted, index) => !settled[index]);
  const existing = open.length === 0 ? [] : await findFields(context, open);
  const prepared = new Map<string, Prepared>();
  const grants: Grant[] = [];
  open = open.map((wanted) => preferPackaged(wanted, existing));
  for (const wanted of open) {
    const made = await prepareField(context, wanted, existing, open);
    if (made.state === 'ready') grants.push(...(await missingGrants(context, wanted)));
    prepared.set(made.id, made);
  }
  const problem = grants.length === 0 ? null : await grantFields(context, grants);
  if (grants.length > 0) forgetSchemas(context);
  for (const wanted of open) {
    const isHidden =
      prepared.get(wanted.target.id)?.state === 'ready' && (await missingGrants(context, wanted)).length > 0;
    if (isHidden) prepared.set(wanted.target.id, hidden(wanted, open, problem));
  }
  return fields.map(
    ({ target }) => prepared.get(target.id) ?? { id: target.id, state: 'ready', remote: target.remote },
  );
}

/** Not every org has leads, and in some records have types. */
async function asTheOrgIs(context: Context<SalesforceConfig>, wanted: Wanted): Promise<Wanted> {
  const schemas = await Promise.all(wanted.sobjects.map((sobject) => schemaOf(context, sobject)));
  const hasTypes = schemas.some((schema) => schema?.recordTypeInfos.some(({ master }) => !master));
  const isThere = wanted.sobjects.filter((_sobject, index) => schemas[index] !== null);
  // The first of them there has to be; what is wrong is then told by what follows.
  return { ...wanted, isRestricted: !hasTypes, sobjects: isThere.length > 0 ? isThere : wanted.sobjects };
}

/** Is everything as we remember it? Then nothing is asked, let alone written. */
async function isSettled(context: Context<SalesforceConfig>, wanted: Wanted): Promise<boolean> {
  const { remembered, sobjects, name, values } = wanted;
  if (remembered === null) return false;
  for (const sobject of sobjects) {
    const field = (await schemaOf(context, sobject))?.fields.get(name);
    if (!field || remembered.ids[sobject] === undefined || !hasType(field, wanted)) return false;
    if (!field.updateable || valuesChange(described(field), values) !== null) return false;
    if (field.restrictedPicklist && !wanted.isRestricted) return false;
  }
  return true;
}

const FieldRows = z.object({
  records: z.array(
    z.object({
      Id: z.string(),
      DeveloperName: z.string(),
      TableEnumOrId: z.string(),
      NamespacePrefix: z.string().nullable(),
      Description: z.string().nullable(),
    }),
  ),
});

/** Names that an address has room for, and whose rows no page is too short for. */
const NAMES_IN_QUERY = 60;

/** Fields with the names that we would use; describe does not show those that nobody has been given yet. */
async function findFields(context: Context<SalesforceConfig>, fields: Wanted[]): Promise<Existing[]> {
  const names = [...new Set(fields.map(({ name }) => bareName(name).replace(/__c$/, '')))];
  const sobjects = [...new Set(fields.flatMap((wanted) => wanted.sobjects))];
  const records: z.infer<typeof FieldRows>['records'] = [];
  for (const some of chunks(names, NAMES_IN_QUERY)) {
    const q = `SELECT Id, DeveloperName, TableEnumOrId, NamespacePrefix, Description FROM CustomField WHERE TableEnumOrId IN ${inList(sobjects)} AND DeveloperName IN ${inList(some)}`;
    const given = { method: 'GET' as const, path: dataPath('/tooling/query'), query: { q } };
    records.push(...(await call(context, given, FieldRows)).data.records);
  }
  return records
    .filter(({ NamespacePrefix }) => NamespacePrefix === null || NamespacePrefix === NAMESPACE)
    .map((row) => ({
      id: row.Id,
      sobject: row.TableEnumOrId,
      name: `${row.NamespacePrefix === null ? '' : PACKAGED}${row.DeveloperName}__c`,
      isOurs: row.NamespacePrefix === NAMESPACE || (row.Description ?? '').includes(MARKER),
    }));
}

/** Where the installed package brings the field, none is made beside it. */
function preferPackaged(wanted: Wanted, existing: Existing[]): Wanted {
  const name = PACKAGED + wanted.name;
  const isThere = wanted.sobjects.every((sobject) =>
    existing.some((each) => each.sobject === sobject && each.name === name),
  );
  return isThere && wanted.remembered === null ? { ...wanted, name } : wanted;
}

async function prepareField(
  context: Context<SalesforceConfig>,
  wanted: Wanted,
  existing: Existing[],
  all: Wanted[],
): Promise<Prepared> {
  const { target, name, type, sobjects } = wanted;
  const found = (sobject: string) => existing.find((each) => each.sobject === sobject && each.name === name);
  const isOurs = (each: Existing) => each.isOurs || wanted.remembered?.ids[each.sobject] === each.id;
  for (const sobject of sobjects) {
    const field = found(sobject);
    const isForeign = field === undefined ? await isTaken(context, sobject, name) : !isOurs(field);
    if (isForeign) return needsYou(target, ...foreign(name, sobject));
  }
  const missing = sobjects.filter((sobject) => found(sobject) === undefined);
  if (missing.length > 0 && !target.mayCreate) return notAllowed(wanted, missing, all);
  const ids: Record<string, string> = {};
  for (const sobject of sobjects) {
    const field = found(sobject);
    try {
      const problem = field ? await updateField(context, wanted, field) : null;
      if (problem !== null) return needsYou(target, ...problem);
      ids[sobject] = field?.id ?? (await createField(context, wanted, sobject));
    } catch (error) {
      const isRefused =
        error instanceof RemoteError && !error.retryable && error.status >= 400 && error.status < 500;
      if (!isRefused) throw error;
      const action = 'Deploy the files, or give the connected user the permission Customize Application.';
      return needsYou(target, error.message, action, bundleOf(all));
    }
  }
  const remote: FieldRemote = { kind: 'field', property: name, type, ids };
  const made = missing.length === sobjects.length;
  return {
    id: target.id,
    state: 'ready',
    remote,
    ...(made && { made }),
    ...(!made && isAnother(wanted.remembered, ids) && { isAnotherInPart: true }),
  };
}

/** Somebody deleted our field on one of the objects, and it was made anew. */
function isAnother(before: FieldRemote | null, ids: Record<string, string>): boolean {
  return Object.entries(before?.ids ?? {}).some(([sobject, id]) => sobject in ids && ids[sobject] !== id);
}

/** A field that the Tooling API does not show us, but describe does. */
async function isTaken(context: Context<SalesforceConfig>, sobject: string, name: string): Promise<boolean> {
  return (await schemaOf(context, sobject))?.fields.has(name) ?? false;
}

const foreign = (name: string, sobject: string): [string, string] => [
  `Salesforce already has a field ${sobject}.${name} that Segment Sync did not make. It stays as it is.`,
  `Delete that field in Salesforce, use another key for the segmentation, or put "${MARKER}" into the field's description to let Segment Sync use it.`,
];

const notAllowed = (wanted: Wanted, missing: string[], all: Wanted[]): Prepared => {
  const fields = missing.map((sobject) => `${sobject}.${wanted.name}`).join(' and ');
  return needsYou(
    wanted.target,
    `Salesforce has no field ${fields} yet, and Segment Sync was not allowed to make it.`,
    'Deploy the files in Salesforce and assign the permission set Segment_Sync to the connected user, or allow Segment Sync to make fields.',
    bundleOf(all),
  );
};

const hidden = (wanted: Wanted, all: Wanted[], problem: string | null): Prepared =>
  needsYou(
    wanted.target,
    `The connected user may not edit the field ${wanted.name}${problem === null ? '' : `: ${problem}`}.`,
    'Assign the permission set Segment_Sync to the connected user, or let it edit the field in another way.',
    bundleOf(all),
  );

const Made = z.object({ id: z.string(), success: z.boolean() });

async function createField(
  context: Context<SalesforceConfig>,
  wanted: Wanted,
  sobject: string,
): Promise<string> {
  const body = { FullName: `${sobject}.${wanted.name}`, Metadata: metadataOf(wanted) };
  const path = dataPath('/tooling/sobjects/CustomField');
  const { data } = await call(context, { method: 'POST', path, body, write: true, rows: 1 }, Made);
  return data.id;
}

const Values = z.array(
  z.looseObject({
    valueName: z.string().nullish(),
    fullName: z.string().nullish(),
    label: z.string().nullish(),
    isActive: z.boolean().nullish(),
  }),
);
const FieldDetails = z.object({
  Metadata: z.looseObject({
    type: z.string().nullish(),
    valueSet: z
      .looseObject({
        restricted: z.boolean().nullish(),
        valueSetDefinition: z.looseObject({ value: Values.nullish() }).nullish(),
      })
      .nullish(),
  }),
});

/** Brings a field's values up to date; says what is wrong with a field that can't be ours any more. */
async function updateField(
  context: Context<SalesforceConfig>,
  wanted: Wanted,
  field: Existing,
): Promise<[string, string] | null> {
  const path = dataPath(`/tooling/sobjects/CustomField/${field.id}`);
  const { data } = await call(context, { method: 'GET', path }, FieldDetails);
  const { Metadata } = data;
  if (Metadata.type !== wanted.type) {
    return [
      `The field ${field.sobject}.${field.name} is of type ${Metadata.type ?? 'unknown'} now; Segment Sync needs ${wanted.type}.`,
      field.name.startsWith(PACKAGED)
        ? 'The field belongs to the installed package: use another key for the segmentation.'
        : 'Delete the field in Salesforce; it is then made again.',
    ];
  }
  const values = (Metadata.valueSet?.valueSetDefinition?.value ?? []).map(
    ({ valueName, fullName, label, isActive }): PicklistValue => {
      const value = valueName ?? fullName ?? '';
      return { value, label: label ?? value, isActive: isActive !== false };
    },
  );
  const change = valuesChange(values, wanted.values);
  const isRestricted = Metadata.valueSet?.restricted === true;
  if (change === null && (!isRestricted || wanted.isRestricted)) return null;
  // What was opened stays open.
  const next = valueSet(change ?? values, isRestricted && wanted.isRestricted);
  const body = { Metadata: { ...Metadata, valueSet: next } };
  await call(
    context,
    { method: 'PATCH', path, body, write: true, idempotent: true, rows: 1, expect: 'nothing' },
    z.unknown(),
  );
  return null;
}

/** Where the connected user can't write the field yet. */
async function missingGrants(context: Context<SalesforceConfig>, wanted: Wanted): Promise<Grant[]> {
  const grants: Grant[] = [];
  for (const sobject of wanted.sobjects) {
    const field = (await schemaOf(context, sobject))?.fields.get(wanted.name);
    if (!field?.updateable) grants.push({ sobject, field: `${sobject}.${wanted.name}` });
  }
  return grants;
}
