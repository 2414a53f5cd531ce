import { z } from 'zod';
import type { ApiRequest, Reply } from '../http.ts';
import { apiBase, type Context, jsonBody, noContent, ok, type SalesforceEndpoint } from './context.ts';
import { badRequest } from './errors.ts';
import type { Field } from './fields.ts';
import { createField, FieldMetadata, fieldById, fieldMetadata, updateField } from './metadata.ts';
import type { SObject } from './objects.ts';

/** The Tooling API, as far as custom fields go. */

const Create = z.object({ FullName: z.string(), Metadata: FieldMetadata });
const Update = z.object({ FullName: z.string().optional(), Metadata: FieldMetadata });
const QUERY = /^\s*select\s+(.+?)\s+from\s+CustomField(?:\s+where\s+(.+?))?(?:\s+limit\s+\d+)?\s*$/is;

const PACKAGED = /^([A-Za-z0-9]+(?:_[A-Za-z0-9]+)*)__(\w+__c)$/;
const namespaceOf = (name: string): string | null => PACKAGED.exec(name)?.[1] ?? null;
const developerName = (name: string): string => (PACKAGED.exec(name)?.[2] ?? name).replace(/__c$/, '');

export function toolingCalls(context: Context): SalesforceEndpoint[] {
  const { org } = context;

  const json = (
    request: ApiRequest,
    { object, field }: { object: SObject; field: Field },
  ): Record<string, unknown> => ({
    attributes: { type: 'CustomField', url: `${apiBase(request)}/tooling/sobjects/CustomField/${field.id}` },
    Id: field.id,
    DeveloperName: developerName(field.name),
    FullName: `${object.name}.${field.name}`,
    TableEnumOrId: object.name,
    EntityDefinitionId: object.name,
    NamespacePrefix: namespaceOf(field.name),
    Description: field.description,
    InlineHelpText: field.helpText,
    ManageableState: namespaceOf(field.name) === null ? 'unmanaged' : 'installed',
    Metadata: fieldMetadata(field),
  });

  /** `select ... from CustomField where A = 'x' and B in ('y')`: all that finding one's own fields takes. */
  const query = (request: ApiRequest): Reply => {
    const match = QUERY.exec(request.query.get('q') ?? '');
    if (!match) throw badRequest('MALFORMED_QUERY', 'this org answers tooling queries on CustomField only');
    const names = (match[1] ?? '').split(',').map((name) => name.trim());
    const wants = (match[2] ?? '')
      .split(/\s+and\s+/i)
      .filter(Boolean)
      .map((part) => {
        const found = /^([\w.]+)\s*(?:=|in)\s*\(?(.+?)\)?$/i.exec(part.trim());
        if (!found) throw badRequest('MALFORMED_QUERY', `not understood: ${part}`);
        const values = (found[2] ?? '')
          .split(',')
          .map((value) => value.trim().replace(/^'|'$/g, '').toLowerCase());
        return {
          name: (found[1] ?? '').replace('EntityDefinition.QualifiedApiName', 'TableEnumOrId'),
          values,
        };
      });
    const all = [...org.objects.values()].flatMap((object) =>
      [...object.fields.values()]
        .filter((field) => field.custom && field.id && !field.contactField)
        .map((field) => json(request, { object, field })),
    );
    const known = all[0] ? Object.keys(all[0]) : names;
    const unknown = [...names, ...wants.map((one) => one.name)].find(
      (name) => !known.some((k) => k.toLowerCase() === name.toLowerCase()),
    );
    if (unknown) throw badRequest('INVALID_FIELD', `No such column '${unknown}' on entity 'CustomField'.`);
    const rows = all.filter((row) =>
      wants.every(({ name, values }) => {
        const key = Object.keys(row).find((k) => k.toLowerCase() === name.toLowerCase()) ?? name;
        return values.includes(String(row[key]).toLowerCase());
      }),
    );
    const heavy = names.some((name) => /^(Metadata|FullName)$/i.test(name));
    if (heavy && rows.length > 1) {
      throw badRequest(
        'MALFORMED_QUERY',
        'When retrieving results with Metadata or FullName fields, the query qualifications must specify no more than one row for retrieval.',
      );
    }
    const records = rows.map((row) =>
      Object.fromEntries(
        Object.entries(row).filter(
          ([key]) => key === 'attributes' || names.some((name) => name.toLowerCase() === key.toLowerCase()),
        ),
      ),
    );
    return ok({
      size: records.length,
      totalSize: records.length,
      done: true,
      queryLocator: null,
      entityTypeName: 'CustomField',
      records,
    });
  };

  const create = (request: ApiRequest): Reply => {
    const { FullName, Metadata } = jsonBody(request, Create);
    const { id } = createField(org, FullName, Metadata);
    return { status: 201, json: { id, success: true, errors: [], warnings: [], infos: [] } };
  };
  const update = (request: ApiRequest): Reply => {
    const { Metadata } = jsonBody(request, Update);
    updateField(fieldById(org, request.params.id ?? '').field, Metadata);
    return noContent;
  };
  const remove = (request: ApiRequest): Reply => {
    const { object, field } = fieldById(org, request.params.id ?? '');
    if (namespaceOf(field.name) !== null) {
      const message = 'Cannot delete a component of an installed managed package';
      throw badRequest('CANNOT_DELETE_MANAGED_OBJECT', message);
    }
    org.removeField(object, field);
    return noContent;
  };

  const at = '/services/data/:version/tooling';
  const one = `${at}/sobjects/CustomField`;
  return [
    { method: 'get', path: `${at}/query`, name: 'tooling query', kind: 'read', handle: query },
    { method: 'post', path: one, name: 'field create', kind: 'write', handle: create },
    {
      method: 'get',
      path: `${one}/:id`,
      name: 'field retrieve',
      kind: 'read',
      handle: (request) => ok(json(request, fieldById(org, request.params.id ?? ''))),
    },
    { method: 'patch', path: `${one}/:id`, name: 'field update', kind: 'write', handle: update },
    { method: 'delete', path: `${one}/:id`, name: 'field delete', kind: 'write', handle: remove },
  ];
}
