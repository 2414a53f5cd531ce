import { z } from 'zod';
import type { Clock } from '../clock.ts';
import { badRequest, notFound } from './errors.ts';
import { type Field, field } from './fields.ts';
import { salesforceId, stampOf, toId18 } from './ids.ts';
import { PERSON_FIELDS, type SObject, standardObjects } from './objects.ts';
import { type Row, Table, type Value } from './table.ts';

/**
 * The state of one org and what happens to it whoever asks: rows, stamps, recycle bin, cascades, merges,
 * person accounts and who may see which field. It knows nothing of HTTP.
 */

/** `api`: the edition has no API. `metadata`: the user may not change the setup. `count`: a query over all rows takes too long. */
export const Forbidden = z.enum(['api', 'metadata', 'bulk', 'count', 'token']);
export type Forbidden = z.infer<typeof Forbidden>;

/** Record type to the values that it offers, by field (`Contact.Rating`) in lower case. */
export type RecordTypes = Map<string, Map<string, Set<string>>>;

export type Deletion = { id: string; deletedDate: string };
export type Reader = (row: Row) => Value;

/** What happened to a row, for those who are told of changes. */
export type RowChange = {
  object: string;
  id: string;
  type: 'CREATE' | 'UPDATE' | 'DELETE' | 'UNDELETE';
  /** The new values of fields that changed. */
  values: Record<string, Value>;
};

type Reference = { object: string; field: string };

/** What goes to the recycle bin with its parent. */
const CASCADES: Record<string, Reference[]> = {
  Account: [
    { object: 'Contact', field: 'AccountId' },
    { object: 'Opportunity', field: 'AccountId' },
  ],
  Contact: [
    { object: 'OpportunityContactRole', field: 'ContactId' },
    { object: 'CampaignMember', field: 'ContactId' },
  ],
  Lead: [{ object: 'CampaignMember', field: 'LeadId' }],
  Opportunity: [{ object: 'OpportunityContactRole', field: 'OpportunityId' }],
  Campaign: [
    { object: 'CampaignMember', field: 'CampaignId' },
    { object: 'CampaignMemberStatus', field: 'CampaignId' },
  ],
};

/** Merges also move these to the winner. */
const REPARENTED: Record<string, Reference[]> = {
  ...CASCADES,
  Contact: [...(CASCADES.Contact ?? []), { object: 'Lead', field: 'ConvertedContactId' }],
  Account: [...(CASCADES.Account ?? []), { object: 'Account', field: 'ParentId' }],
};

const FIRST_NEW_NUMBER = 2_000_000_000;

export class Org {
  readonly clock: Clock;
  readonly objects = standardObjects();
  readonly tables = new Map<string, Table>();
  readonly deletions = new Map<string, Deletion[]>();
  /** Standard fields that an admin has hidden, as 'contact.email'. */
  readonly hidden = new Set<string>();
  /** Objects that the connected user may not read at all. */
  readonly hiddenObjects = new Set<string>();
  /** What the org refuses as a whole for now. */
  readonly forbidden = new Set<Forbidden>();
  readonly recordTypes: RecordTypes = new Map();
  readonly orgId = salesforceId('00D', 1);
  readonly userId = salesforceId('005', 1_000_000);
  /** Who changes at this moment, as change events say it; empty for what happens inside the org. */
  origin = '';
  onChange: ((change: RowChange) => void) | null = null;
  private nextNumber = FIRST_NEW_NUMBER;
  private permissionsFrom = -1;
  private readonly permissions = new Map<string, { read: boolean; edit: boolean }>();
  private readonly cascadedBy = new Map<string, string[]>();

  constructor(clock: Clock) {
    this.clock = clock;
    for (const name of this.objects.keys()) this.tables.set(name, new Table());
  }

  nowStamp(): string {
    return stampOf(this.clock.now());
  }

  newId(prefix: string): string {
    return salesforceId(prefix, this.nextNumber++);
  }

  /** The object, if the connected user may read it; else it is not there. */
  visibleObject(name: string): SObject {
    const object = this.object(name);
    if (this.hiddenObjects.has(object.name)) throw notFound();
    return object;
  }

  visibleObjects(): SObject[] {
    return [...this.objects.values()].filter(({ name }) => !this.hiddenObjects.has(name));
  }

  /** Case does not count in object names. */
  object(name: string): SObject {
    const exact = this.objects.get(name);
    if (exact) return exact;
    const lower = name.toLowerCase();
    for (const object of this.objects.values()) if (object.name.toLowerCase() === lower) return object;
    throw notFound();
  }

  table(name: string): Table {
    const table = this.tables.get(name);
    if (!table) throw notFound();
    return table;
  }

  objectOfId(id: string): SObject | null {
    for (const object of this.objects.values()) if (id.startsWith(object.prefix)) return object;
    return null;
  }

  row(object: string, id: string): Row | undefined {
    const id18 = toId18(id);
    return id18 ? this.table(object).rows.get(id18) : undefined;
  }

  // What the connected user may see

  private access(object: string, one: Field): { read: boolean; edit: boolean } {
    if (!one.custom) {
      const seen = !this.hidden.has(`${object}.${one.name}`.toLowerCase());
      return { read: seen, edit: seen };
    }
    const sets = this.table('FieldPermissions').version + this.table('PermissionSetAssignment').version;
    if (sets !== this.permissionsFrom) this.readPermissions(sets);
    // A field of a person account is the contact's own; its permission is granted there.
    const key = one.contactField ? `Contact.${one.contactField}` : `${object}.${one.name}`;
    return this.permissions.get(key.toLowerCase()) ?? { read: false, edit: false };
  }

  private readPermissions(version: number): void {
    this.permissionsFrom = version;
    this.permissions.clear();
    const assigned = new Set<Value | undefined>();
    for (const row of this.table('PermissionSetAssignment').where('AssigneeId', this.userId)) {
      if (!row.f.IsDeleted) assigned.add(row.f.PermissionSetId);
    }
    for (const row of this.table('FieldPermissions').rows.values()) {
      if (row.f.IsDeleted || !assigned.has(row.f.ParentId)) continue;
      const key = String(row.f.Field).toLowerCase();
      const was = this.permissions.get(key);
      const read = row.f.PermissionsRead === true || was?.read === true;
      this.permissions.set(key, { read, edit: row.f.PermissionsEdit === true || was?.edit === true });
    }
  }

  /** The field, if the connected user may see it. */
  visibleField(object: SObject, name: string): Field | null {
    const one = object.fields.get(name.toLowerCase());
    return one && this.access(object.name, one).read ? one : null;
  }

  visibleFields(object: SObject): Field[] {
    return [...object.fields.values()].filter((one) => this.access(object.name, one).read);
  }

  canEdit(object: SObject, one: Field): boolean {
    return one.updateable && this.mayEdit(object, one);
  }

  mayEdit(object: SObject, one: Field): boolean {
    return this.access(object.name, one).edit;
  }

  addField(object: SObject, one: Field): void {
    object.fields.set(one.name.toLowerCase(), one);
    if (object.name !== 'Contact' || !one.custom || !this.hasPersonAccounts()) return;
    this.addPersonField(one.name.replace(/__c$/, '__pc'), one);
  }

  removeField(object: SObject, one: Field): void {
    object.fields.delete(one.name.toLowerCase());
    const full = `${object.name}.${one.name}`;
    const permissions = this.table('FieldPermissions');
    for (const row of [...permissions.where('Field', full)]) permissions.remove(row);
    const table = this.table(object.name);
    for (const row of table.rows.values()) if (one.name in row.f) table.set(row, one.name, null);
    if (object.name === 'Contact')
      this.object('Account').fields.delete(one.name.replace(/__c$/, '__pc').toLowerCase());
  }

  // Person accounts

  hasPersonAccounts(): boolean {
    return this.object('Account').fields.has('ispersonaccount');
  }

  enablePersonAccounts(): void {
    if (this.hasPersonAccounts()) return;
    const account = this.object('Account');
    const contact = this.object('Contact');
    const flag = field('IsPersonAccount', 'boolean', { createable: false, updateable: false });
    account.fields.set('ispersonaccount', flag);
    const person = {
      to: 'Contact',
      createable: false,
      updateable: false,
      relationshipName: 'PersonContact',
    } as const;
    account.fields.set('personcontactid', field('PersonContactId', 'reference', person));
    for (const [name, from] of Object.entries(PERSON_FIELDS)) {
      const one = contact.fields.get(from.toLowerCase());
      if (one) this.addPersonField(name, one);
    }
    for (const one of contact.fields.values())
      if (one.custom) this.addPersonField(one.name.replace(/__c$/, '__pc'), one);
  }

  private addPersonField(name: string, of: Field): void {
    const { relationshipName } = of;
    const relation = relationshipName && `Person${relationshipName}`;
    // The picklist is shared: a value added to the contact's field appears on the account's.
    this.object('Account').fields.set(name.toLowerCase(), {
      ...of,
      name,
      relationshipName: relation,
      nillable: true,
      contactField: of.name,
    });
  }

  personContact(account: Row): Row | undefined {
    const id = account.f.PersonContactId;
    return typeof id === 'string' ? this.table('Contact').rows.get(id) : undefined;
  }

  // Reading

  /** How to read a field, the computed ones included. */
  reader(object: SObject, one: Field): Reader {
    const { name, type } = one;
    if (name === 'Id') return (row) => row.id;
    if (name === 'SystemModstamp') return (row) => row.stamp;
    if (name === 'LastModifiedDate') return (row) => row.f.LastModifiedDate ?? row.stamp;
    if (name === 'CreatedById' || name === 'LastModifiedById') return (row) => row.f[name] ?? this.userId;
    if (one.contactField) {
      const contact = this.object('Contact');
      const source = contact.fields.get(one.contactField.toLowerCase());
      const read = source && this.reader(contact, source);
      return (row) => {
        const person = this.personContact(row);
        return person && read ? read(person) : type === 'boolean' ? false : null;
      };
    }
    const computed = this.computedReader(object.name, name);
    if (computed) return computed;
    return type === 'boolean' ? (row) => row.f[name] ?? false : (row) => row.f[name] ?? null;
  }

  private computedReader(object: string, name: string): Reader | null {
    switch (`${object}.${name}`) {
      case 'Contact.Name':
      case 'Lead.Name':
      case 'User.Name':
      case 'Individual.Name':
        return (row) => [row.f.FirstName, row.f.LastName].filter(Boolean).join(' ');
      case 'Account.Name':
        return (row) => {
          const person = row.f.IsPersonAccount ? this.personContact(row) : undefined;
          return person
            ? [person.f.FirstName, person.f.LastName].filter(Boolean).join(' ')
            : (row.f.Name ?? null);
        };
      case 'Opportunity.IsWon':
      case 'Opportunity.IsClosed':
        return (row) => this.stage(row.f.StageName)?.f[name] ?? false;
      case 'Opportunity.Probability':
        return (row) => row.f.Probability ?? this.stage(row.f.StageName)?.f.DefaultProbability ?? null;
      case 'CampaignMember.HasResponded':
        return (row) => {
          for (const status of this.statuses(row.f.CampaignId))
            if (status.f.Label === row.f.Status) return status.f.HasResponded ?? false;
          return false;
        };
      case 'CampaignMember.LeadOrContactId':
        return (row) => row.f.ContactId ?? row.f.LeadId ?? null;
      case 'CampaignMember.Email':
        return (row) => {
          const { ContactId, LeadId } = row.f;
          const person = ContactId
            ? this.row('Contact', String(ContactId))
            : this.row('Lead', String(LeadId));
          return person?.f.Email ?? null;
        };
      case 'Campaign.NumberOfContacts':
      case 'Campaign.NumberOfLeads': {
        const link = name === 'NumberOfLeads' ? 'LeadId' : 'ContactId';
        return (row) =>
          [...this.table('CampaignMember').where('CampaignId', row.id)].filter(
            (m) => m.f[link] && !m.f.IsDeleted,
          ).length;
      }
      default:
        return null;
    }
  }

  private stage(name: Value | undefined): Row | undefined {
    if (typeof name !== 'string') return undefined;
    for (const row of this.table('OpportunityStage').where('MasterLabel', name)) return row;
    return undefined;
  }

  *statuses(campaignId: Value | undefined): Generator<Row> {
    if (typeof campaignId !== 'string') return;
    for (const row of this.table('CampaignMemberStatus').where('CampaignId', campaignId))
      if (!row.f.IsDeleted) yield row;
  }

  // Changing

  /** Adds a row as it is given; checks are for write.ts. */
  insert(object: SObject, values: Record<string, Value>): Row {
    const stamp = this.nowStamp();
    const row: Row = {
      id: this.newId(object.prefix),
      stamp,
      f: { OwnerId: this.userId, ...values, CreatedDate: stamp },
    };
    if (!object.fields.has('ownerid')) delete row.f.OwnerId;
    this.table(object.name).insert(row);
    if (object.name === 'Campaign') this.addDefaultStatuses(row.id);
    if (object.name === 'Account' && row.f.IsPersonAccount) this.addPersonContact(row);
    this.onChange?.({ object: object.name, id: row.id, type: 'CREATE', values: { ...row.f } });
    return row;
  }

  private addDefaultStatuses(campaignId: string): void {
    const object = this.object('CampaignMemberStatus');
    this.insert(object, {
      CampaignId: campaignId,
      Label: 'Sent',
      SortOrder: 1,
      IsDefault: true,
      HasResponded: false,
    });
    this.insert(object, {
      CampaignId: campaignId,
      Label: 'Responded',
      SortOrder: 2,
      IsDefault: false,
      HasResponded: true,
    });
  }

  private addPersonContact(account: Row): void {
    const contact = this.insert(this.object('Contact'), {
      AccountId: account.id,
      IsPersonAccount: true,
      LastName: account.f.LastName ?? null,
    });
    this.table('Account').set(account, 'PersonContactId', contact.id);
  }

  /** Writes values and stamps the row, and the other half of a person account. */
  update(object: SObject, row: Row, values: Record<string, Value>): void {
    const table = this.table(object.name);
    let person: Row | undefined;
    const changed: Record<string, Value> = {};
    const ofPerson: Record<string, Value> = {};
    for (const [name, value] of Object.entries(values)) {
      const source = object.fields.get(name.toLowerCase())?.contactField;
      person = source ? this.personContact(row) : undefined;
      if ((person?.f[source ?? ''] ?? row.f[name] ?? null) !== value) {
        changed[name] = value;
        if (source && person) ofPerson[source] = value;
      }
      if (source && person) this.table('Contact').set(person, source, value);
      else table.set(row, name, value);
    }
    this.stampRow(object.name, row);
    const other = object.name === 'Account' ? this.personContact(row) : undefined;
    if (other) this.stampRow('Contact', other);
    if (object.name === 'Contact' && row.f.IsPersonAccount) {
      const account = this.row('Account', String(row.f.AccountId));
      if (account) this.stampRow('Account', account);
    }
    this.onChange?.({ object: object.name, id: row.id, type: 'UPDATE', values: changed });
    if (other) this.onChange?.({ object: 'Contact', id: other.id, type: 'UPDATE', values: ofPerson });
  }

  private stampRow(object: string, row: Row): void {
    const stamp = this.nowStamp();
    this.table(object).touch(row, stamp);
    if (row.f.LastModifiedDate) row.f.LastModifiedDate = stamp;
  }

  /** To the recycle bin, with what hangs on it. */
  delete(object: SObject, row: Row): void {
    if (row.f.IsDeleted) throw badRequest('ENTITY_IS_DELETED', 'entity is deleted');
    const cascaded: string[] = [];
    this.bin(object, row);
    for (const { object: child, field: link } of CASCADES[object.name] ?? []) {
      for (const one of [...this.table(child).where(link, row.id)]) {
        if (one.f.IsDeleted) continue;
        cascaded.push(one.id);
        this.delete(this.object(child), one);
      }
    }
    if (cascaded.length) this.cascadedBy.set(row.id, cascaded);
  }

  private bin(object: SObject, row: Row): void {
    this.table(object.name).set(row, 'IsDeleted', true);
    this.stampRow(object.name, row);
    const log = this.deletions.get(object.name) ?? [];
    log.push({ id: row.id, deletedDate: row.stamp });
    this.deletions.set(object.name, log);
    this.onChange?.({ object: object.name, id: row.id, type: 'DELETE', values: {} });
  }

  undelete(object: SObject, row: Row): void {
    if (!row.f.IsDeleted) throw badRequest('UNDELETE_FAILED', 'Entity is not in the recycle bin');
    this.table(object.name).set(row, 'IsDeleted', false);
    this.stampRow(object.name, row);
    const log = this.deletions.get(object.name) ?? [];
    this.deletions.set(
      object.name,
      log.filter((one) => one.id !== row.id),
    );
    for (const id of this.cascadedBy.get(row.id) ?? []) {
      const child = this.objectOfId(id);
      const there = child && this.row(child.name, id);
      if (child && there?.f.IsDeleted) this.undelete(child, there);
    }
    this.cascadedBy.delete(row.id);
    this.onChange?.({ object: object.name, id: row.id, type: 'UNDELETE', values: { ...row.f } });
  }

  /** Empties the recycle bin of one row: no query finds it again. */
  purge(object: SObject, row: Row): void {
    this.table(object.name).remove(row);
  }

  /** Losers go to the bin under the winner's name; their children move without being stamped. */
  merge(object: SObject, winner: Row, losers: Row[]): void {
    if (!object.mergeable) throw badRequest('INVALID_TYPE', `${object.name} cannot be merged`);
    for (const loser of losers) {
      if (loser.id === winner.id || loser.f.IsDeleted)
        throw badRequest('INVALID_ID_FIELD', 'invalid merge request');
      for (const { object: child, field: link } of REPARENTED[object.name] ?? []) {
        const table = this.table(child);
        for (const one of [...table.where(link, loser.id)]) table.set(one, link, winner.id);
      }
      this.table(object.name).set(loser, 'MasterRecordId', winner.id);
      this.bin(object, loser);
    }
    this.stampRow(object.name, winner);
  }
}
