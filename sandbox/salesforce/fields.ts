/** What a field is, and the short notation in which objects.ts lists them. */

export type FieldType =
  | 'id'
  | 'string'
  | 'textarea'
  | 'email'
  | 'phone'
  | 'url'
  | 'boolean'
  | 'int'
  | 'double'
  | 'currency'
  | 'percent'
  | 'date'
  | 'datetime'
  | 'picklist'
  | 'multipicklist'
  | 'reference'
  | 'address';

export type PicklistValue = { value: string; label: string; active: boolean; defaultValue: boolean };

export type Field = {
  name: string;
  label: string;
  type: FieldType;
  length: number;
  precision: number;
  scale: number;
  custom: boolean;
  nillable: boolean;
  createable: boolean;
  updateable: boolean;
  unique: boolean;
  externalId: boolean;
  restricted: boolean;
  picklist: PicklistValue[];
  referenceTo: string[];
  relationshipName: string | null;
  helpText: string | null;
  description: string | null;
  /** A formula: nobody writes it, and the record is not stamped when its value changes. */
  calculated?: boolean;
  /** Encrypted in a way that can't be filtered by. */
  encrypted?: boolean;
  /** The compound field that this one is a part of. */
  compound?: string;
  /** For a field of a person account: the contact field that holds the value. */
  contactField?: string;
  /** Tooling id, for custom fields. */
  id?: string;
};

export type FieldOptions = Partial<Field> & { values?: readonly string[]; to?: string };

export const TEXT_TYPES = new Set<FieldType>([
  'string',
  'textarea',
  'email',
  'phone',
  'url',
  'picklist',
  'multipicklist',
]);

const LENGTHS: Partial<Record<FieldType, number>> = {
  id: 18,
  reference: 18,
  string: 255,
  textarea: 32_000,
  email: 80,
  phone: 40,
  url: 255,
  picklist: 255,
  multipicklist: 4099,
};

const labelOf = (name: string) =>
  name
    .replace(/__p?c$/, '')
    .replace(/_/g, ' ')
    .replace(/([a-z])([A-Z])/g, '$1 $2');

export function picklist(values: readonly string[]): PicklistValue[] {
  return values.map((value) => ({ value, label: value, active: true, defaultValue: false }));
}

export function field(name: string, type: FieldType, { values, to, ...options }: FieldOptions = {}): Field {
  const numeric = type === 'double' || type === 'currency' || type === 'percent';
  return {
    name,
    label: labelOf(name),
    type,
    length: LENGTHS[type] ?? 0,
    precision: numeric ? 18 : 0,
    scale: numeric ? 2 : 0,
    custom: name.endsWith('__c') || name.endsWith('__pc'),
    nillable: type !== 'boolean',
    createable: true,
    updateable: true,
    unique: false,
    externalId: false,
    restricted: false,
    picklist: picklist(values ?? []),
    referenceTo: to ? [to] : [],
    relationshipName: to ? name.replace(/Id$/, '').replace(/__c$/, '__r') : null,
    helpText: null,
    description: null,
    ...options,
  };
}

/** Long text, compound values and what is encrypted at random can't be asked for in a filter. */
export const isFilterable = ({ type, length, encrypted }: Field) =>
  !(type === 'textarea' && length > 255) && type !== 'address' && encrypted !== true;

const readOnly = { createable: false, updateable: false } as const;

export const text = (name: string, length = 255, options: FieldOptions = {}) =>
  field(name, 'string', { length, ...options });
export const computed = (name: string, type: FieldType, options: FieldOptions = {}) =>
  field(name, type, { ...readOnly, ...options });

/** The fields that every record has. */
export const SYSTEM_FIELDS: Field[] = [
  computed('Id', 'id', { nillable: false }),
  computed('IsDeleted', 'boolean'),
  computed('CreatedDate', 'datetime', { nillable: false }),
  computed('CreatedById', 'reference', { to: 'User', nillable: false }),
  computed('LastModifiedDate', 'datetime', { nillable: false }),
  computed('LastModifiedById', 'reference', { to: 'User', nillable: false }),
  computed('SystemModstamp', 'datetime', { nillable: false }),
];
