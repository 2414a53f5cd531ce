import { API_VERSION, MARKER, PACKAGED, PERMISSION_SET } from './app.ts';
import { description, type Wanted } from './field-plan.ts';
import { childrenXml, type XmlObject } from './xml.ts';

const NAMESPACE = 'http://soap.sforce.com/2006/04/metadata';

/** One component of an org as a file: an element named after its type. */
export const metadataFile = (type: string, content: XmlObject) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<${type} xmlns="${NAMESPACE}">\n${childrenXml(content, '    ')}</${type}>\n`;

/**
 * Files that an admin deploys: the fields, and a permission set that shows them. All fields that are wanted now are in
 * each bundle, since a permission set that is deployed again replaces the one before.
 * https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/customfield.htm
 */
export function bundleOf(fields: Wanted[]): Record<string, string> {
  const names = fieldNames(fields);
  const own = fields.filter(({ name }) => !name.startsWith(PACKAGED));
  return {
    ...fieldFiles(own),
    ...permissionSetFile({ name: PERMISSION_SET, label: 'Segment Sync', fields: names, editable: true }),
    'package.xml': metadataFile('Package', {
      types: [
        { members: fieldNames(own), name: 'CustomField' },
        { members: [PERMISSION_SET], name: 'PermissionSet' },
      ],
      version: API_VERSION,
    }),
  };
}

/** Each field on each of its objects, by path. */
export function fieldFiles(fields: Wanted[]): Record<string, string> {
  const files: Record<string, string> = {};
  for (const wanted of fields) {
    for (const sobject of wanted.sobjects) {
      const path = `objects/${sobject}/fields/${wanted.name}.field-meta.xml`;
      files[path] = metadataFile('CustomField', fieldXml(wanted));
    }
  }
  return files;
}

/** `Contact.Segment_Sync_Rfm__c` and so on, in order. */
export const fieldNames = (fields: Wanted[]) =>
  fields.flatMap(({ sobjects, name }) => sobjects.map((sobject) => `${sobject}.${name}`)).sort();

export type PermissionSet = {
  name: string;
  label: string;
  /** Object and field together. */
  fields: string[];
  editable: boolean;
  /** Further elements, by name. */
  more?: XmlObject;
};

/** A permission set that shows fields, and may let them be edited. The elements stand in the order of the alphabet. */
export function permissionSetFile({ name, label, fields, editable, more = {} }: PermissionSet) {
  const content: XmlObject = {
    ...more,
    description: MARKER,
    fieldPermissions: fields.map((field) => ({ editable, field, readable: true })),
    label,
  };
  const sorted = Object.fromEntries(Object.entries(content).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { [`permissionsets/${name}.permissionset-meta.xml`]: metadataFile('PermissionSet', sorted) };
}

function fieldXml({ name, label, type, values, isRestricted }: Wanted): XmlObject {
  const value = values.map((each) => ({
    fullName: each.value,
    default: false,
    isActive: each.isActive,
    label: each.label,
  }));
  return {
    fullName: name,
    description: description(),
    label,
    type,
    ...(values.length > 0 && {
      valueSet: { restricted: isRestricted, valueSetDefinition: { sorted: false, value } },
    }),
    ...(type === 'MultiselectPicklist' && { visibleLines: 4 }),
  };
}
