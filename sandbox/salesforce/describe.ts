import { type Field, type FieldType, isFilterable } from './fields.ts';
import type { SObject } from './objects.ts';
import type { Org } from './org.ts';

/** describe, as the connected user sees the org: a field without permission is simply not there. */

const SOAP_TYPES: Partial<Record<FieldType, string>> = {
  id: 'tns:ID',
  reference: 'tns:ID',
  boolean: 'xsd:boolean',
  int: 'xsd:int',
  double: 'xsd:double',
  currency: 'xsd:double',
  percent: 'xsd:double',
  date: 'xsd:date',
  datetime: 'xsd:dateTime',
  address: 'urn:address',
};

function fieldJson(org: Org, object: SObject, field: Field) {
  const isText = SOAP_TYPES[field.type] === undefined;
  return {
    aggregatable: field.type !== 'boolean' && field.type !== 'multipicklist',
    aiPredictionField: false,
    autoNumber: false,
    byteLength: isText ? field.length * 3 : field.length,
    calculated: field.calculated === true,
    calculatedFormula: null,
    cascadeDelete: false,
    caseSensitive: false,
    compoundFieldName: field.compound ?? null,
    controllerName: null,
    createable: field.createable && org.mayEdit(object, field),
    custom: field.custom,
    defaultValue: field.type === 'boolean' ? false : null,
    defaultValueFormula: null,
    defaultedOnCreate: field.type === 'boolean' || field.name === 'OwnerId',
    dependentPicklist: false,
    deprecatedAndHidden: false,
    digits: field.type === 'int' ? 9 : 0,
    displayLocationInDecimal: false,
    encrypted: field.encrypted === true,
    externalId: field.externalId,
    extraTypeInfo: null,
    filterable: isFilterable(field),
    filteredLookupInfo: null,
    formulaTreatNullNumberAsZero: false,
    groupable: field.type !== 'multipicklist' && field.type !== 'textarea',
    highScaleNumber: false,
    htmlFormatted: false,
    idLookup: field.name === 'Id' || field.externalId,
    inlineHelpText: field.helpText,
    label: field.label,
    length: isText || field.type === 'id' || field.type === 'reference' ? field.length : 0,
    mask: null,
    maskType: null,
    name: field.name,
    nameField: field.name === 'Name',
    namePointing: false,
    nillable: field.nillable,
    permissionable: field.nillable && !field.contactField,
    picklistValues: field.picklist.map(({ value, label, active, defaultValue }) => ({
      active,
      defaultValue,
      label,
      validFor: null,
      value,
    })),
    polymorphicForeignKey: false,
    precision: field.precision,
    queryByDistance: false,
    referenceTargetField: null,
    referenceTo: field.referenceTo,
    relationshipName: field.relationshipName,
    relationshipOrder: null,
    restrictedDelete: false,
    restrictedPicklist: field.restricted,
    scale: field.scale,
    searchPrefilterable: field.type === 'reference',
    soapType: SOAP_TYPES[field.type] ?? 'xsd:string',
    sortable: field.type !== 'multipicklist' && !(field.type === 'textarea' && field.length > 255),
    type: field.type,
    unique: field.unique,
    updateable: org.canEdit(object, field),
    writeRequiresMasterRead: false,
  };
}

export function describeGlobalJson(object: SObject, base: string) {
  const url = `${base}/sobjects/${object.name}`;
  return {
    activateable: false,
    createable: object.createable,
    custom: false,
    customSetting: false,
    deletable: object.createable,
    deprecatedAndHidden: false,
    feedEnabled: false,
    keyPrefix: object.prefix,
    label: object.label,
    labelPlural: `${object.label}s`,
    layoutable: true,
    mergeable: object.mergeable,
    mruEnabled: true,
    name: object.name,
    queryable: true,
    replicateable: true,
    retrieveable: true,
    searchable: true,
    triggerable: true,
    undeletable: object.createable,
    updateable: object.createable,
    urls: { sobject: url, describe: `${url}/describe`, rowTemplate: `${url}/{ID}` },
  };
}

/** Every object has it, and most have no other. */
const MASTER = {
  active: true,
  available: true,
  defaultRecordTypeMapping: true,
  developerName: 'Master',
  master: true,
  name: 'Master',
  recordTypeId: '012000000000000AAA',
  urls: {},
};

export function describeJson(org: Org, object: SObject, base: string) {
  return {
    ...describeGlobalJson(object, base),
    actionOverrides: [],
    childRelationships: [],
    compactLayoutable: true,
    fields: org.visibleFields(object).map((field) => fieldJson(org, object, field)),
    listviewable: null,
    lookupLayoutable: null,
    namedLayoutInfos: [],
    recordTypeInfos: [
      ...[...org.table('RecordType').where('SobjectType', object.name)].map((row) => ({
        active: true,
        available: true,
        defaultRecordTypeMapping: false,
        developerName: row.f.DeveloperName,
        master: false,
        name: row.f.Name,
        recordTypeId: row.id,
        urls: {},
      })),
      MASTER,
    ],
    searchLayoutable: true,
    supportedScopes: [{ label: 'All', name: 'everything' }],
  };
}
