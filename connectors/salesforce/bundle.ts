import { API_VERSION } from './client.ts';
import type { Wanted } from './field-plan.ts';
import { PERMISSION_SET } from './permissions.ts';
import { MARKER } from './remotes.ts';
import { childrenXml, type XmlObject } from './xml.ts';

const NAMESPACE = 'http://soap.sforce.com/2006/04/metadata';

const file = (root: string, content: XmlObject) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${NAMESPACE}">\n${childrenXml(content, '    ')}</${root}>\n`;

/**
 * Files that an admin deploys: the fields, and a permission set that shows them. All fields that are wanted now are in
 * each bundle, since a permission set that is deployed again replaces the one before.
 * https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/customfield.htm
 */
export function bundleOf(fields: Wanted[]): Record<string, string> {
  const places = fields.flatMap((wanted) => wanted.sobjects.map((sobject) => ({ sobject, wanted })));
  const files: Record<string, string> = {};
  for (const { sobject, wanted } of places) {
    files[`objects/${sobject}/fields/${wanted.name}.field-meta.xml`] = file('CustomField', fieldXml(wanted));
  }
  const names = places.map(({ sobject, wanted }) => `${sobject}.${wanted.name}`).sort();
  files[`permissionsets/${PERMISSION_SET}.permissionset-meta.xml`] = file('PermissionSet', {
    description: MARKER,
    fieldPermissions: names.map((field) => ({ editable: true, field, readable: true })),
    label: 'Segment Sync',
  });
  files['package.xml'] = file('Package', {
    types: [
      { members: names, name: 'CustomField' },
      { members: [PERMISSION_SET], name: 'PermissionSet' },
    ],
    version: API_VERSION,
  });
  return files;
}

function fieldXml({ name, label, type, values }: Wanted): XmlObject {
  const value = values.map((each) => ({
    fullName: each.value,
    default: false,
    isActive: each.isActive,
    label: each.label,
  }));
  return {
    fullName: name,
    description: `${MARKER} Changes by hand may be replaced.`,
    label,
    type,
    ...(values.length > 0 && {
      valueSet: { restricted: true, valueSetDefinition: { sorted: false, value } },
    }),
    ...(type === 'MultiselectPicklist' && { visibleLines: 4 }),
  };
}
