import { z } from 'zod';
import { type Operation, operation } from '../control.ts';
import type { BulkSettings } from './bulk-calls.ts';
import type { ChangeStream } from './change-stream.ts';
import { badRequest, notFound } from './errors.ts';
import { computed, field as fieldOf, picklist } from './fields.ts';
import { stampFrom } from './ids.ts';
import type { ListViewMetadata, ListViews } from './list-views.ts';
import { grant } from './load.ts';
import { createField, FieldMetadata, findField } from './metadata.ts';
import type { Install } from './oauth.ts';
import type { SObject } from './objects.ts';
import { Forbidden, type Org } from './org.ts';
import type { Row, Value } from './table.ts';
import type { Writer } from './write.ts';

/** What tests, the demo and the check of results do behind the API's back: not counted, not limited, sees all. */

export type AdminRecord = { Id: string; SystemModstamp: string; [field: string]: Value };
export type CampaignState = {
  id: string;
  name: string;
  isActive: boolean;
  type: string | null;
  statuses: string[];
  members: { id: string; contactId: string | null; leadId: string | null; status: string | null }[];
};
export type ListViewState = ListViewMetadata & { id: string; members: string[] };

export type SalesforceAdmin = {
  allRecords(object: string, options?: { deleted?: boolean }): AdminRecord[];
  count(object: string): number;
  record(id: string): AdminRecord | null;
  find(object: string, field: string, value: string): AdminRecord[];
  create(object: string, values: Record<string, Value>): string;
  /** `stamp: false` writes as Salesforce's own jobs sometimes do, leaving SystemModstamp alone. */
  update(id: string, values: Record<string, Value>, options?: { stamp?: boolean }): void;
  delete(id: string): void;
  undelete(id: string): void;
  purge(id: string): void;
  merge(winnerId: string, loserIds: string[]): void;
  /** 'Contact.Email': gone from describe and queries for the connected user. */
  hideField(fullName: string): void;
  showField(fullName: string): void;
  deleteField(fullName: string): void;
  /** An object that the connected user may not read: as if it were not there. */
  hideObject(name: string): void;
  showObject(name: string): void;
  /** What the org refuses as a whole from now on, until it is allowed again. */
  forbid(what: Forbidden): void;
  allow(what: Forbidden): void;
  /** Each record type of an object offers its own values of a picklist: those that exist now. Answers its id. */
  addRecordType(object: string, developerName: string): string;
  /** A formula that the connected user sees; `update` with `stamp: false` changes its value. */
  addFormula(fullName: string, type: 'string' | 'double'): void;
  /** The values of a picklist, in place of those before. */
  setPicklist(fullName: string, values: string[], options: { restricted: boolean }): void;
  /** Encrypted at random: no query can filter by it. */
  encryptField(fullName: string): void;
  /** Does the connected user see all records, whoever owns them? */
  setViewAll(sees: boolean): void;
  /** A duplicate rule alerts whoever writes to this record. */
  alertDuplicates(id: string): void;
  addPicklistValue(fullName: string, value: string, label?: string): void;
  /** A field that comes with a managed package: nobody sees it yet. */
  installField(namespace: string, fullName: string, metadata: FieldMetadata): void;
  fields(object: string): {
    name: string;
    label: string;
    type: string;
    custom: boolean;
    description: string | null;
    restricted: boolean;
    visible: boolean;
    values: { value: string; label: string; active: boolean }[];
  }[];
  campaigns(): CampaignState[];
  listViews(): ListViewState[];
  /** Writes to this record are refused with this code until the code is null. */
  refuseWrites(id: string, errorCode: string | null, message?: string): void;
  /** Forgets deletions before an instant, as Salesforce does when many are deleted at once. */
  trimDeletions(object: string, before: string): void;
  /** An installed app: tokens as the web-server flow would give them. */
  issueInstall(): Install;
  /** Every access token ends now; refresh tokens live on. */
  expireAccessTokens(): void;
  /** As if the admin had blocked the app: nothing works until it is installed again. */
  revokeInstalls(): void;
  /** Every query locator is too old now. */
  forgetLocators(): void;
  /** How much of the day's calls others have used. */
  useDailyCalls(used: number): void;
  setBulk(change: Partial<BulkSettings>): void;
} & Pick<ChangeStream, 'selectChanges' | 'sendGap' | 'forgetClients' | 'forgetEvents' | 'setConnectMs'>;

const valueRecord = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));

/** What the HTTP side of the org adds. */
export type ServiceAdmin = Pick<
  SalesforceAdmin,
  | 'issueInstall'
  | 'expireAccessTokens'
  | 'revokeInstalls'
  | 'forgetLocators'
  | 'useDailyCalls'
  | 'setBulk'
  | 'selectChanges'
  | 'sendGap'
  | 'forgetClients'
  | 'forgetEvents'
  | 'setConnectMs'
>;

export function adminOf(
  org: Org,
  writer: Writer,
  listViews: ListViews,
  service: ServiceAdmin,
): SalesforceAdmin {
  const at = (id: string): { object: SObject; row: Row } => {
    const object = org.objectOfId(id);
    const row = object && org.row(object.name, id);
    if (!object || !row) throw notFound(`no record ${id}`);
    return { object, row };
  };
  const json = (object: SObject) => {
    const readers = [...object.fields.values()].map((one) => ({
      name: one.name,
      read: org.reader(object, one),
    }));
    return (row: Row): AdminRecord => {
      const record: AdminRecord = { Id: row.id, SystemModstamp: row.stamp };
      for (const { name, read } of readers) record[name] = read(row);
      return record;
    };
  };
  const namedField = (fullName: string) => {
    const [object = '', name = ''] = fullName.split('.');
    const field = org.object(object).fields.get(name.toLowerCase());
    if (!field) throw notFound(`no field ${fullName}`);
    return field;
  };
  const checked = (object: SObject, values: Record<string, Value>) => {
    for (const name of Object.keys(values)) {
      if (!object.fields.has(name.toLowerCase()))
        throw badRequest('INVALID_FIELD', `No such column '${name}' on ${object.name}`);
    }
    return values;
  };

  return {
    ...service,
    allRecords: (name, { deleted = false } = {}) => {
      const object = org.object(name);
      const toJson = json(object);
      const records: AdminRecord[] = [];
      for (const row of org.table(object.name).rows.values())
        if (deleted || !row.f.IsDeleted) records.push(toJson(row));
      return records;
    },
    count: (name) => {
      let count = 0;
      for (const row of org.table(org.object(name).name).rows.values()) if (!row.f.IsDeleted) count++;
      return count;
    },
    record: (id) => {
      const object = org.objectOfId(id);
      const row = object && org.row(object.name, id);
      return object && row ? json(object)(row) : null;
    },
    find: (name, field, value) => {
      const object = org.object(name);
      return [...org.table(object.name).where(field, value)]
        .filter((row) => !row.f.IsDeleted)
        .map(json(object));
    },
    create: (name, values) => {
      const object = org.object(name);
      return org.insert(object, checked(object, values)).id;
    },
    update: (id, values, { stamp = true } = {}) => {
      const { object, row } = at(id);
      checked(object, values);
      if (stamp) org.update(object, row, values);
      else for (const [field, value] of Object.entries(values)) org.table(object.name).set(row, field, value);
    },
    delete: (id) => {
      const { object, row } = at(id);
      org.delete(object, row);
    },
    undelete: (id) => {
      const { object, row } = at(id);
      org.undelete(object, row);
    },
    purge: (id) => {
      const { object, row } = at(id);
      org.purge(object, row);
    },
    merge: (winnerId, loserIds) => {
      const { object, row } = at(winnerId);
      org.merge(
        object,
        row,
        loserIds.map((id) => at(id).row),
      );
    },
    hideField: (fullName) => {
      org.hidden.add(fullName.toLowerCase());
      for (const row of [...org.table('FieldPermissions').where('Field', fullName)])
        org.table('FieldPermissions').remove(row);
    },
    showField: (fullName) => {
      org.hidden.delete(fullName.toLowerCase());
      const [object = '', name = ''] = fullName.split('.');
      if (!name.endsWith('__c')) return;
      for (const own of org.table('PermissionSet').rows.values())
        if (own.f.IsOwnedByProfile) grant(org, own.id, object, name);
    },
    deleteField: (fullName) => {
      const { object, field } = findField(org, fullName);
      org.removeField(object, field);
    },
    hideObject: (name) => void org.hiddenObjects.add(org.object(name).name),
    showObject: (name) => void org.hiddenObjects.delete(org.object(name).name),
    forbid: (what) => void org.forbidden.add(what),
    allow: (what) => void org.forbidden.delete(what),
    addRecordType: (name, developerName) => {
      const object = org.object(name);
      if (!object.fields.has('recordtypeid'))
        object.fields.set('recordtypeid', fieldOf('RecordTypeId', 'reference', { to: 'RecordType' }));
      const values = {
        Name: developerName,
        DeveloperName: developerName,
        SobjectType: object.name,
        IsActive: true,
      };
      const { id } = org.insert(org.object('RecordType'), values);
      const offered = [...object.fields.values()]
        .filter(({ type }) => type === 'picklist' || type === 'multipicklist')
        .map((one): [string, Set<string>] => [
          `${object.name}.${one.name}`.toLowerCase(),
          new Set(one.picklist.map(({ value }) => value)),
        ]);
      org.recordTypes.set(id, new Map(offered));
      return id;
    },
    addFormula: (fullName, type) => {
      const [object = '', name = ''] = fullName.split('.');
      org.addField(org.object(object), computed(name, type, { calculated: true, id: org.newId('00N') }));
      for (const own of org.table('PermissionSet').rows.values())
        if (own.f.IsOwnedByProfile) grant(org, own.id, object, name);
    },
    setPicklist: (fullName, values, { restricted }) => {
      const field = namedField(fullName);
      field.picklist.splice(0, field.picklist.length, ...picklist(values));
      field.restricted = restricted;
    },
    encryptField: (fullName) => {
      namedField(fullName).encrypted = true;
    },
    setViewAll: (sees) => {
      for (const row of org.table('PermissionSet').rows.values())
        if (row.f.IsOwnedByProfile) org.table('PermissionSet').set(row, 'PermissionsViewAllData', sees);
    },
    alertDuplicates: writer.alertDuplicates,
    addPicklistValue: (fullName, value, label = value) => {
      const field = namedField(fullName);
      field.picklist.push(...picklist([value]).map((one) => ({ ...one, label })));
    },
    installField: (namespace, fullName, metadata) => {
      createField(org, fullName, metadata, namespace);
    },
    fields: (name) => {
      const object = org.object(name);
      return [...object.fields.values()].map((one) => ({
        name: one.name,
        label: one.label,
        type: one.type,
        custom: one.custom,
        description: one.description,
        restricted: one.restricted,
        visible: org.visibleField(object, one.name) !== null,
        values: one.picklist.map(({ value, label, active }) => ({ value, label, active })),
      }));
    },
    campaigns: () =>
      [...org.table('Campaign').rows.values()]
        .filter((row) => !row.f.IsDeleted)
        .map((row) => ({
          id: row.id,
          name: String(row.f.Name ?? ''),
          isActive: row.f.IsActive === true,
          type: textOrNull(row.f.Type),
          statuses: [...org.statuses(row.id)].map((status) => String(status.f.Label)),
          members: [...org.table('CampaignMember').where('CampaignId', row.id)]
            .filter((member) => !member.f.IsDeleted)
            .map(({ id, f }) => ({
              id,
              contactId: textOrNull(f.ContactId),
              leadId: textOrNull(f.LeadId),
              status: textOrNull(f.Status),
            })),
        })),
    listViews: () =>
      [...org.table('ListView').rows.values()].flatMap((row) => {
        const metadata = listViews.read(`${String(row.f.SobjectType)}.${String(row.f.DeveloperName)}`);
        return metadata ? [{ ...metadata, id: row.id, members: listViews.members(row.id) }] : [];
      }),
    refuseWrites: (id, errorCode, message = 'refused by a validation rule') =>
      writer.refuse(id, errorCode, message),
    trimDeletions: (name, before) => {
      const stamp = stampFrom(before) ?? '';
      org.deletions.set(
        name,
        (org.deletions.get(name) ?? []).filter((one) => one.deletedDate >= stamp),
      );
    },
  };
}

const textOrNull = (value: Value | undefined): string | null => (typeof value === 'string' ? value : null);

/** The same, for another process: POST /__sandbox/admin/{name} with a JSON array of arguments. */
export function adminOperations(admin: SalesforceAdmin): Record<string, Operation> {
  const text = z.string();
  const none = z.tuple([]);
  const one = z.tuple([text]);
  const two = z.tuple([text, text]);
  const three = z.tuple([text, text, text]);
  const deleted = z.tuple([text, z.object({ deleted: z.boolean().optional() })]);
  const write = z.tuple([text, valueRecord]);
  const writeAs = z.tuple([text, valueRecord, z.object({ stamp: z.boolean().optional() })]);
  const refusal = z.tuple([text, text.nullable()]);
  const refusalSaying = z.tuple([text, text.nullable(), text]);
  const bulk = z.object({
    delayMs: z.number(),
    fail: z.boolean(),
    unprocessedShare: z.number(),
    lockShare: z.number(),
  });
  return {
    allRecords: operation(z.union([one, deleted]), admin.allRecords),
    count: operation(one, admin.count),
    record: operation(one, admin.record),
    find: operation(three, admin.find),
    create: operation(write, admin.create),
    update: operation(z.union([write, writeAs]), admin.update),
    delete: operation(one, admin.delete),
    undelete: operation(one, admin.undelete),
    purge: operation(one, admin.purge),
    merge: operation(z.tuple([text, z.array(text)]), admin.merge),
    hideField: operation(one, admin.hideField),
    showField: operation(one, admin.showField),
    deleteField: operation(one, admin.deleteField),
    hideObject: operation(one, admin.hideObject),
    showObject: operation(one, admin.showObject),
    forbid: operation(z.tuple([Forbidden]), admin.forbid),
    allow: operation(z.tuple([Forbidden]), admin.allow),
    addRecordType: operation(two, admin.addRecordType),
    addFormula: operation(z.tuple([text, z.enum(['string', 'double'])]), admin.addFormula),
    setPicklist: operation(
      z.tuple([text, z.array(text), z.object({ restricted: z.boolean() })]),
      admin.setPicklist,
    ),
    encryptField: operation(one, admin.encryptField),
    setViewAll: operation(z.tuple([z.boolean()]), admin.setViewAll),
    alertDuplicates: operation(one, admin.alertDuplicates),
    addPicklistValue: operation(z.union([two, three]), admin.addPicklistValue),
    installField: operation(z.tuple([z.string(), z.string(), FieldMetadata]), admin.installField),
    fields: operation(one, admin.fields),
    campaigns: operation(none, admin.campaigns),
    listViews: operation(none, admin.listViews),
    refuseWrites: operation(z.union([refusal, refusalSaying]), admin.refuseWrites),
    trimDeletions: operation(two, admin.trimDeletions),
    issueInstall: operation(none, admin.issueInstall),
    expireAccessTokens: operation(none, admin.expireAccessTokens),
    revokeInstalls: operation(none, admin.revokeInstalls),
    forgetLocators: operation(none, admin.forgetLocators),
    useDailyCalls: operation(z.tuple([z.number()]), admin.useDailyCalls),
    setBulk: operation(z.tuple([bulk.partial()]), admin.setBulk),
    selectChanges: operation(z.tuple([z.array(text)]), admin.selectChanges),
    sendGap: operation(z.tuple([text, z.array(text)]), admin.sendGap),
    forgetClients: operation(none, admin.forgetClients),
    forgetEvents: operation(none, admin.forgetEvents),
    setConnectMs: operation(z.tuple([z.number()]), admin.setConnectMs),
  };
}
