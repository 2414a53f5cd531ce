import { badRequest, SalesforceError } from './errors.ts';
import { toId18 } from './ids.ts';
import type { SObject } from './objects.ts';
import type { Org } from './org.ts';
import type { Row, Value } from './table.ts';
import { accepted } from './values.ts';

/** Creates, updates and deletes as the API allows them, one row at a time, each with its own outcome. */

export type RowError = { statusCode: string; message: string; fields: string[] };
export type RowResult = { id?: string; success: boolean; errors: RowError[]; created?: boolean };
export type Body = Record<string, unknown>;
/** `text`: the values come from CSV. `allowSave`: an alert of a duplicate rule does not stop the write. */
export type WriteOptions = { text?: boolean; allowSave?: boolean };

export type Writer = {
  create(object: SObject, body: Body, options?: WriteOptions): RowResult;
  update(object: SObject, id: string, body: Body, options?: WriteOptions): RowResult;
  delete(id: string): RowResult;
  /** Every write to this record is refused from now on, as by a validation rule; no error code ends it. */
  refuse(id: string, errorCode: string | null, message: string): void;
  /** A duplicate rule alerts whoever writes to this record. */
  alertDuplicates(id: string): void;
};

export function failure(errorCode: string, message: string, fields: string[] = [], id?: string): RowResult {
  return { ...(id && { id }), success: false, errors: [{ statusCode: errorCode, message, fields }] };
}

function outcome(run: () => RowResult): RowResult {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof SalesforceError)) throw error;
    return failure(error.errorCode, error.message, error.fields);
  }
}

export function writerOf(org: Org): Writer {
  const refused = new Map<string, { errorCode: string; message: string }>();
  const duplicates = new Set<string>();
  const mayWrite = (id: string, allowSave = false) => {
    const rule = refused.get(id);
    if (rule) throw badRequest(rule.errorCode, rule.message);
    if (duplicates.has(id) && !allowSave)
      throw badRequest('DUPLICATES_DETECTED', 'Use one of these records?');
  };

  return {
    create: (object, body, options = {}) =>
      outcome(() => {
        if (!object.createable)
          throw badRequest('INVALID_TYPE', `entity type ${object.name} does not support create`);
        const values = valuesOf(org, object, body, 'create', options);
        const missing = object.required.filter((name) => values[name] === undefined || values[name] === null);
        if (missing.length)
          throw badRequest(
            'REQUIRED_FIELD_MISSING',
            `Required fields are missing: [${missing.join(', ')}]`,
            missing,
          );
        checkNew(org, object, values);
        const row = org.insert(object, values);
        afterWrite(org, object, row, values);
        return { id: row.id, success: true, errors: [], created: true };
      }),

    update: (object, id, body, options = {}) =>
      outcome(() => {
        const row = existing(org, object, id);
        mayWrite(row.id, options.allowSave);
        if (object.name === 'Contact' && row.f.IsPersonAccount) {
          throw badRequest(
            'FIELD_INTEGRITY_EXCEPTION',
            'The contact of a person account is changed through its account',
          );
        }
        const values = valuesOf(org, object, body, 'update', options);
        const emptied = object.required.filter((name) => values[name] === null);
        if (emptied.length)
          throw badRequest(
            'REQUIRED_FIELD_MISSING',
            `Required fields are missing: [${emptied.join(', ')}]`,
            emptied,
          );
        checkStatus(org, object, { ...row.f, ...values });
        checkRecordType(org, object, row, values);
        org.update(object, row, values);
        afterWrite(org, object, row, values);
        return { id: row.id, success: true, errors: [] };
      }),

    delete: (id) =>
      outcome(() => {
        const object = org.objectOfId(id);
        if (!object) throw badRequest('MALFORMED_ID', `bad id ${id}`);
        const row = existing(org, object, id);
        mayWrite(row.id);
        if (object.name === 'PermissionSet') {
          for (const one of org.table('PermissionSetAssignment').where('PermissionSetId', row.id))
            if (!one.f.IsDeleted)
              throw badRequest('DELETE_FAILED', 'The permission set is assigned to users.');
        }
        if (
          org.table('FieldPermissions').rows.has(row.id) ||
          org.table('PermissionSetAssignment').rows.has(row.id)
        )
          org.purge(object, row);
        else org.delete(object, row);
        return { id: row.id, success: true, errors: [] };
      }),

    alertDuplicates: (id) => {
      duplicates.add(toId18(id) ?? id);
    },
    refuse: (id, errorCode, message) => {
      const id18 = toId18(id) ?? id;
      if (errorCode === null) refused.delete(id18);
      else refused.set(id18, { errorCode, message });
    },
  };
}

function existing(org: Org, object: SObject, id: string): Row {
  const id18 = toId18(id);
  if (!id18?.startsWith(object.prefix))
    throw badRequest('MALFORMED_ID', `${object.label} ID: id value of incorrect type: ${id}`, ['Id']);
  const row = org.row(object.name, id18);
  if (!row) throw badRequest('INVALID_CROSS_REFERENCE_KEY', 'invalid cross reference id');
  if (row.f.IsDeleted) throw badRequest('ENTITY_IS_DELETED', 'entity is deleted');
  return row;
}

function valuesOf(
  org: Org,
  object: SObject,
  body: Body,
  verb: 'create' | 'update',
  { text = false }: WriteOptions,
): Record<string, Value> {
  const values: Record<string, Value> = {};
  for (const [name, value] of Object.entries(body)) {
    if (name === 'attributes' || (verb === 'update' && name.toLowerCase() === 'id')) continue;
    // An empty cell of a CSV means: leave it as it is.
    if (text && value === '') continue;
    const field = org.visibleField(object, name);
    if (!field)
      throw badRequest('INVALID_FIELD', `No such column '${name}' on sobject of type ${object.name}`, [name]);
    if (verb === 'create' ? !field.createable : !org.canEdit(object, field)) {
      throw badRequest(
        'INVALID_FIELD_FOR_INSERT_UPDATE',
        `Unable to create/update fields: ${field.name}. Please check the security settings of this field and verify that it is read/write for your profile or permission set.`,
        [field.name],
      );
    }
    values[field.name] = accepted(org, field, text && value === '#N/A' ? null : value, text);
  }
  return values;
}

function checkNew(org: Org, object: SObject, values: Record<string, Value>): void {
  const taken = (table: string, key: string, same: (row: Row) => boolean) => {
    for (const row of org.table(table).where(key, String(values[key])))
      if (!row.f.IsDeleted && same(row)) return row.id;
    return null;
  };
  let duplicate: string | null = null;
  switch (object.name) {
    case 'CampaignMember': {
      const link = values.ContactId ? 'ContactId' : 'LeadId';
      if (!values[link])
        throw badRequest('REQUIRED_FIELD_MISSING', 'Required fields are missing: [ContactId, LeadId]', [
          'ContactId',
          'LeadId',
        ]);
      duplicate = taken('CampaignMember', link, (row) => row.f.CampaignId === values.CampaignId);
      checkStatus(org, object, values);
      break;
    }
    case 'CampaignMemberStatus':
      duplicate = taken('CampaignMemberStatus', 'CampaignId', (row) => row.f.Label === values.Label);
      break;
    case 'PermissionSet':
      duplicate = taken('PermissionSet', 'Name', () => true);
      break;
    case 'PermissionSetAssignment':
      duplicate = taken(
        'PermissionSetAssignment',
        'PermissionSetId',
        (row) => row.f.AssigneeId === values.AssigneeId,
      );
      break;
    case 'FieldPermissions': {
      const [on = '', name = ''] = String(values.Field).split('.');
      const known = org.objects.get(on)?.fields.get(name.toLowerCase());
      if (!known || on !== values.SobjectType) {
        throw badRequest(
          'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
          `Field Name: bad value for restricted picklist field: ${String(values.Field)}`,
          ['Field'],
        );
      }
      duplicate = taken('FieldPermissions', 'Field', (row) => row.f.ParentId === values.ParentId);
      break;
    }
  }
  if (duplicate)
    throw badRequest(
      'DUPLICATE_VALUE',
      `duplicate value found: <unknown> duplicates value on record with id: ${duplicate}`,
    );
}

/** A restricted picklist takes those values only that the record's type offers. */
function checkRecordType(org: Org, object: SObject, row: Row, values: Record<string, Value>): void {
  const offered = org.recordTypes.get(String(values.RecordTypeId ?? row.f.RecordTypeId ?? ''));
  if (offered === undefined) return;
  for (const [name, value] of Object.entries(values)) {
    const field = object.fields.get(name.toLowerCase());
    if (!field?.restricted || value === null) continue;
    const own = offered.get(`${object.name}.${name}`.toLowerCase());
    const bad = String(value)
      .split(';')
      .find((each) => !own?.has(each));
    if (bad === undefined) continue;
    throw badRequest(
      'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
      `${field.label}: bad value for restricted picklist field: ${bad}`,
      [name],
    );
  }
}

/** A member's status must be one of its campaign's own. */
function checkStatus(org: Org, object: SObject, values: Record<string, Value>): void {
  if (object.name !== 'CampaignMember' || !values.Status) return;
  for (const status of org.statuses(values.CampaignId)) if (status.f.Label === values.Status) return;
  throw badRequest('INVALID_STATUS', `Status: bad value for this campaign: ${String(values.Status)}`, [
    'Status',
  ]);
}

function afterWrite(org: Org, object: SObject, row: Row, values: Record<string, Value>): void {
  const table = org.table(object.name);
  if (object.name === 'CampaignMember' && !row.f.Status) {
    for (const status of org.statuses(row.f.CampaignId))
      if (status.f.IsDefault) table.set(row, 'Status', status.f.Label ?? null);
  }
  if (object.name === 'CampaignMemberStatus' && values.IsDefault === true) {
    for (const other of org.statuses(row.f.CampaignId))
      if (other.id !== row.id) table.set(other, 'IsDefault', false);
  }
  if (object.name === 'OpportunityContactRole' && values.IsPrimary === true) {
    for (const other of table.where('OpportunityId', String(row.f.OpportunityId))) {
      if (other.id !== row.id && other.f.IsPrimary) org.update(object, other, { IsPrimary: false });
    }
  }
}
