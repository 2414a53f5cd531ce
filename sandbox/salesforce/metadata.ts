import { z } from 'zod';
import { badRequest, notFound } from './errors.ts';
import { type Field, type FieldType, field } from './fields.ts';
import type { SObject } from './objects.ts';
import type { Org } from './org.ts';

/** Custom fields as the Metadata and Tooling APIs speak of them. A new field is seen by nobody until it is granted. */

const MetadataValue = z.looseObject({
  fullName: z.string().optional(),
  valueName: z.string().optional(),
  label: z.string().optional(),
  default: z.boolean().nullish(),
  isActive: z.boolean().nullish(),
});

export const FieldMetadata = z.looseObject({
  type: z.string().nullish(),
  label: z.string().nullish(),
  description: z.string().nullish(),
  inlineHelpText: z.string().nullish(),
  length: z.coerce.number().nullish(),
  precision: z.coerce.number().nullish(),
  scale: z.coerce.number().nullish(),
  unique: z.boolean().nullish(),
  externalId: z.boolean().nullish(),
  visibleLines: z.coerce.number().nullish(),
  valueSet: z
    .looseObject({
      restricted: z.boolean().nullish(),
      valueSetDefinition: z
        .looseObject({ sorted: z.boolean().nullish(), value: z.array(MetadataValue) })
        .nullish(),
    })
    .nullish(),
});
export type FieldMetadata = z.infer<typeof FieldMetadata>;

const TYPES: Record<string, FieldType> = {
  Text: 'string',
  TextArea: 'textarea',
  LongTextArea: 'textarea',
  Picklist: 'picklist',
  MultiselectPicklist: 'multipicklist',
  Date: 'date',
  DateTime: 'datetime',
  Number: 'double',
  Currency: 'currency',
  Percent: 'percent',
  Checkbox: 'boolean',
  Email: 'email',
  Phone: 'phone',
  Url: 'url',
};
/** What a type cannot be made without. */
const NEEDS: Record<string, (keyof FieldMetadata)[]> = {
  Text: ['length'],
  LongTextArea: ['length', 'visibleLines'],
  Number: ['precision', 'scale'],
  Picklist: ['valueSet'],
  MultiselectPicklist: ['valueSet', 'visibleLines'],
};
const MAX_FIELDS = 500;

function splitFullName(org: Org, fullName: string): { object: SObject; name: string } {
  const [on = '', name = ''] = fullName.split('.');
  const object = org.objects.get(on);
  if (!object)
    throw badRequest(
      'INVALID_FIELD',
      `Entity Enumeration Or ID: bad value for restricted picklist field: ${on}`,
    );
  return { object, name };
}

export function findField(org: Org, fullName: string): { object: SObject; field: Field } {
  const { object, name } = splitFullName(org, fullName);
  const one = object.fields.get(name.toLowerCase());
  if (!one?.custom) throw badRequest('INVALID_CROSS_REFERENCE_KEY', `no CustomField named ${fullName} found`);
  return { object, field: one };
}

/** `namespace`: that of the package which brings the field. */
export function createField(org: Org, fullName: string, metadata: FieldMetadata, namespace = ''): Field {
  const { object, name: own } = splitFullName(org, fullName);
  const name = namespace === '' ? own : `${namespace}__${own}`;
  if (!/^[A-Za-z](?!.*__.*__c)[A-Za-z0-9_]{0,39}__c$/.test(own) || /_(?=__c$)/.test(own)) {
    throw badRequest(
      'FIELD_INTEGRITY_EXCEPTION',
      `The Field Name field can only contain underscores and alphanumeric characters: ${name}`,
    );
  }
  if (object.fields.has(name.toLowerCase())) {
    throw badRequest(
      'DUPLICATE_DEVELOPER_NAME',
      `There is already a field named ${name.replace(/__c$/, '')} on ${object.label}.`,
    );
  }
  const kind = metadata.type ?? '';
  const type = TYPES[kind];
  if (!type) throw badRequest('FIELD_INTEGRITY_EXCEPTION', `Must specify a known field type, not '${kind}'`);
  if (!metadata.label)
    throw badRequest('REQUIRED_FIELD_MISSING', 'Must specify a non-empty label for the CustomField');
  const missing = (NEEDS[kind] ?? []).find((key) => metadata[key] === undefined || metadata[key] === null);
  if (missing)
    throw badRequest('REQUIRED_FIELD_MISSING', `Must specify '${missing}' for a CustomField of type ${kind}`);
  if ([...object.fields.values()].filter((one) => one.custom && !one.contactField).length >= MAX_FIELDS) {
    throw badRequest('NUM_FIELDS_EXCEEDED', `reached maximum number of custom fields: ${MAX_FIELDS}`);
  }
  const made = field(name, type, { id: org.newId('00N') });
  if (metadata.length && (type === 'string' || type === 'textarea')) made.length = metadata.length;
  if (kind === 'TextArea') made.length = 255;
  apply(made, metadata);
  org.addField(object, made);
  return made;
}

export function updateField(one: Field, metadata: FieldMetadata): void {
  if (metadata.type && TYPES[metadata.type] !== one.type)
    throw badRequest('FIELD_INTEGRITY_EXCEPTION', `Cannot change the type of ${one.name} from ${one.type}`);
  apply(one, metadata);
}

function apply(one: Field, metadata: FieldMetadata): void {
  one.label = metadata.label ?? one.label;
  one.description = metadata.description ?? null;
  one.helpText = metadata.inlineHelpText ?? null;
  one.precision = metadata.precision ?? one.precision;
  one.scale = metadata.scale ?? one.scale;
  one.unique = metadata.unique ?? one.unique;
  one.externalId = metadata.externalId ?? one.externalId;
  const { valueSet } = metadata;
  if (!valueSet) return;
  one.restricted = valueSet.restricted ?? false;
  const listed = (valueSet.valueSetDefinition?.value ?? []).map((given) => {
    const value = given.valueName ?? given.fullName ?? '';
    if (!value) throw badRequest('REQUIRED_FIELD_MISSING', 'a picklist value needs its fullName');
    return {
      value,
      label: given.label ?? value,
      active: given.isActive !== false,
      defaultValue: given.default === true,
    };
  });
  const twice = listed.find(
    (given, n) => listed.findIndex((other) => other.value.toLowerCase() === given.value.toLowerCase()) !== n,
  );
  if (twice) throw badRequest('DUPLICATE_VALUE', `Duplicate label or value in the picklist: ${twice.value}`);
  // A value left out is switched off, not forgotten: records may hold it. The array is shared with a person account's field.
  const left = one.picklist
    .filter((old) => !listed.some((given) => given.value === old.value))
    .map((old) => ({ ...old, active: false }));
  one.picklist.splice(0, one.picklist.length, ...listed, ...left);
}

export function fieldMetadata(one: Field): FieldMetadata & Record<string, unknown> {
  const kind =
    one.type === 'textarea' && one.length > 255
      ? 'LongTextArea'
      : Object.entries(TYPES).find(([, type]) => type === one.type)?.[0];
  const isList = one.type === 'picklist' || one.type === 'multipicklist';
  const value = one.picklist.map((v) => ({
    valueName: v.value,
    fullName: v.value,
    label: v.label,
    default: v.defaultValue,
    isActive: v.active,
  }));
  return {
    type: kind ?? 'Text',
    label: one.label,
    description: one.description,
    inlineHelpText: one.helpText,
    length: one.length || null,
    precision: one.precision || null,
    scale: one.precision ? one.scale : null,
    unique: one.unique,
    externalId: one.externalId,
    required: false,
    valueSet: isList ? { restricted: one.restricted, valueSetDefinition: { sorted: false, value } } : null,
  };
}

export function fieldById(org: Org, id: string): { object: SObject; field: Field } {
  for (const object of org.objects.values()) {
    for (const one of object.fields.values()) {
      if (one.custom && !one.contactField && one.id && (one.id === id || one.id.slice(0, 15) === id))
        return { object, field: one };
    }
  }
  throw notFound();
}
