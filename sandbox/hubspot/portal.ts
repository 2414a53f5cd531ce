import type { Clock } from '../clock.ts';
import { AssociationStore } from './association-store.ts';
import type { Definition, Group } from './definitions.ts';
import { OBJECTS, type ObjectType } from './object-types.ts';
import { type PortalRecord, RecordStore, type Values } from './records.ts';
import { standardProperties } from './standard-properties.ts';
import type { PortalTask } from './tasks.ts';

export type Owner = { id: string; email: string; firstName: string; lastName: string };
export type Stage = { id: string; label: string; isWon: boolean; isClosed: boolean };
export type Pipeline = { id: string; label: string; stages: Stage[] };

/** Something that happened to a record: what webhooks tell. */
export type PortalEvent = {
  subscriptionType: string;
  /** Left out of a changed association. */
  objectId?: string;
  occurredAt: number;
  changeSource: string;
  propertyName?: string;
  propertyValue?: string;
  more?: Record<string, unknown>;
};

/** Who changes a record. `bumpModified: false` leaves its change time alone, as some of HubSpot's own jobs do. */
export type Author = { source: 'INTEGRATION' | 'CRM_UI'; userId?: number; bumpModified?: boolean };

export const API: Author = { source: 'INTEGRATION' };
export const USER: Author = { source: 'CRM_UI', userId: 9001 };

type End = [type: ObjectType, id: string];

const byType = <T>(make: (type: ObjectType) => T): Record<ObjectType, T> => ({
  contact: make('contact'),
  company: make('company'),
  deal: make('deal'),
});

/** A HubSpot account: its records and settings, and what may happen to them. No HTTP, no limits. */
export class Portal {
  readonly id: number;
  readonly clock: Clock;
  readonly records: Record<ObjectType, RecordStore>;
  readonly definitions: Record<ObjectType, Map<string, Definition>>;
  readonly groups: Record<ObjectType, Map<string, Group>>;
  readonly associations = new AssociationStore();
  readonly tasks: PortalTask[] = [];
  owners: Owner[] = [];
  pipelines: Pipeline[] = [];
  currency = 'USD';
  timeZone = 'America/New_York';
  onEvent: (event: PortalEvent) => void = () => {};
  /** Told of every merge: lists move their members by it. */
  onMerge: (type: ObjectType, survivor: string, gone: string[]) => void = () => {};
  /** What a property is used in, by name: such a one can't be archived. */
  usesOf: (type: ObjectType, property: string) => string[] = () => [];

  constructor(id: number, clock: Clock, indexDelayMs: number) {
    this.id = id;
    this.clock = clock;
    this.records = byType((type) => new RecordStore(type, indexDelayMs));
    this.definitions = byType((type) => new Map(standardProperties(type).map((each) => [each.name, each])));
    this.groups = byType((type) => {
      const name = `${type}information`;
      return new Map([
        [name, { name, label: `${OBJECTS[type].singular} information`, displayOrder: 0, archived: false }],
      ]);
    });
  }

  create(type: ObjectType, values: Values, author: Author, id = this.records[type].newId()): PortalRecord {
    const now = this.clock.now();
    const record: PortalRecord = {
      id,
      order: Number(id),
      values: {},
      createdAt: now,
      updatedAt: now,
      archivedAt: undefined,
      edits: undefined,
    };
    assign(record.values, this.#derived(type, values));
    this.records[type].add(record, now);
    this.#tell(type, 'creation', record.id, author);
    return record;
  }

  /** Sets values (`''` clears), all of them known to be allowed. */
  write(type: ObjectType, record: PortalRecord, values: Values, author: Author): void {
    const now = this.clock.now();
    const all = this.#derived(type, values, record.values);
    this.records[type].change(record, now, () => {
      assign(record.values, all);
      if (author.bumpModified !== false) record.updatedAt = now;
      if (author.userId === undefined) return;
      record.edits ??= {};
      for (const [name, value] of Object.entries(values))
        record.edits[name] = { value, at: now, userId: author.userId };
    });
    for (const [propertyName, propertyValue] of Object.entries(values)) {
      this.#tell(type, 'propertyChange', record.id, author, { propertyName, propertyValue });
    }
  }

  archive(type: ObjectType, record: PortalRecord, author: Author): void {
    const now = this.clock.now();
    this.records[type].change(record, now, () => {
      record.archivedAt = now;
    });
    this.#tell(type, 'deletion', record.id, author);
  }

  restore(type: ObjectType, record: PortalRecord, author: Author): void {
    const now = this.clock.now();
    this.records[type].change(record, now, () => {
      record.archivedAt = undefined;
      record.updatedAt = now;
    });
    this.#tell(type, 'restore', record.id, author);
  }

  /** Gone for good: not archived, not to be restored. */
  erase(type: ObjectType, record: PortalRecord, author: Author): void {
    this.records[type].remove(record, this.clock.now());
    this.associations.removeAll(type, record.id);
    if (type === 'contact') this.#tell(type, 'privacyDeletion', record.id, author);
    this.#tell(type, 'deletion', record.id, author);
  }

  /** The primary's values win. The survivor has a new id, or with `keepId` the primary's; old ids lead to it. */
  merge(
    type: ObjectType,
    primary: PortalRecord,
    other: PortalRecord,
    author: Author,
    keepId: boolean,
  ): PortalRecord {
    const now = this.clock.now();
    const store = this.records[type];
    const gone = keepId ? [other] : [primary, other];
    const values: Values = { ...other.values, ...primary.values };
    const merged = [
      primary.values.hs_merged_object_ids,
      other.values.hs_merged_object_ids,
      ...gone.map(({ id }) => id),
    ];
    values.hs_merged_object_ids = merged.filter((id) => id !== undefined).join(';');
    if (type === 'contact') {
      values.hs_calculated_merged_vids = gone.map(({ id }) => `${id}:${now}`).join(';');
      const further = addressesOf(primary.values, other.values).filter((address) => address !== values.email);
      if (further.length > 0) values.hs_additional_emails = further.join(';');
    }
    const id = keepId ? primary.id : store.newId();
    for (const record of gone) store.remove(record, now, id);
    const survivor: PortalRecord = keepId
      ? primary
      : {
          id,
          order: Number(id),
          values: {},
          createdAt: Math.min(primary.createdAt, other.createdAt),
          updatedAt: now,
          archivedAt: undefined,
          edits: undefined,
        };
    if (keepId) {
      store.change(survivor, now, () => {
        survivor.values = values;
        survivor.updatedAt = now;
      });
    } else {
      survivor.values = values;
      store.add(survivor, now);
    }
    for (const record of gone) this.associations.move(type, record.id, id);
    const goneIds = gone.map((record) => record.id);
    this.onMerge(type, id, goneIds);
    this.#tell(type, 'merge', primary.id, author, {
      more: {
        primaryObjectId: Number(primary.id),
        mergedObjectIds: [Number(other.id)],
        newObjectId: Number(id),
        numberOfPropertiesMoved: Object.keys(values).length,
      },
    });
    return survivor;
  }

  /** Joins two records; the first company of a contact or deal becomes its primary one. Touches no change time. */
  associate(from: ObjectType, id: string, to: ObjectType, toId: string, typeIds: number[] = []): void {
    const { associations } = this;
    const types = new Set([associations.plainType(from, to), ...typeIds]);
    const primary = associations.primaryType(from, to);
    if (primary !== undefined && to === 'company') {
      const others = associations.list(from, id, to);
      const isFirst = !others.some((edge) => edge.typeIds.includes(primary));
      if (isFirst) types.add(primary);
      else if (types.has(primary)) {
        for (const edge of others)
          if (edge.to !== toId) associations.remove(from, id, to, edge.to, [primary]);
      }
      if (types.has(primary) && from === 'contact') this.#setQuietly(from, id, 'associatedcompanyid', toId);
    }
    associations.add(from, id, to, toId, [...types]);
    this.#tellAssociation([from, id], [to, toId], { associationRemoved: false });
  }

  dissociate(from: ObjectType, id: string, to: ObjectType, toId: string): void {
    this.associations.remove(from, id, to, toId);
    if (from === 'contact' && to === 'company') {
      const record = this.records.contact.find(id);
      if (record?.values.associatedcompanyid === toId) this.#setQuietly(from, id, 'associatedcompanyid', '');
    }
    this.#tellAssociation([from, id], [to, toId], { associationRemoved: true });
  }

  /** Two events, one from each end. They name the two records, and none as the one that changed. */
  #tellAssociation(one: End, other: End, more: { associationRemoved: boolean }): void {
    for (const [[from, id], [to, toId]] of [
      [one, other],
      [other, one],
    ] satisfies [End, End][]) {
      this.onEvent({
        subscriptionType: `${from}.associationChange`,
        occurredAt: this.clock.now(),
        changeSource: 'USER',
        more: {
          associationType: `${from}_TO_${to}`.toUpperCase(),
          fromObjectId: Number(id),
          toObjectId: Number(toId),
          isPrimaryAssociation: false,
          ...more,
        },
      });
    }
  }

  #setQuietly(type: ObjectType, id: string, name: string, value: string): void {
    const record = this.records[type].find(id);
    if (record)
      this.records[type].change(record, this.clock.now(), () => assign(record.values, { [name]: value }));
  }

  /** What HubSpot works out by itself from a deal's stage and amount. */
  #derived(type: ObjectType, values: Values, before: Values = {}): Values {
    if (type !== 'deal') return values;
    return { ...values, ...this.derivedOfDeal({ ...before, ...values }, values) };
  }

  derivedOfDeal(deal: Values, changed: Values = deal): Values {
    const derived: Values = {};
    if (changed.dealstage !== undefined) {
      const stage = this.pipelines
        .flatMap((pipeline) => pipeline.stages)
        .find((each) => each.id === deal.dealstage);
      derived.hs_is_closed = String(stage?.isClosed ?? false);
      derived.hs_is_closed_won = String(stage?.isWon ?? false);
      derived.hs_is_closed_lost = String(stage ? stage.isClosed && !stage.isWon : false);
    }
    if (changed.amount !== undefined && changed.amount_in_home_currency === undefined) {
      const isHome = !deal.deal_currency_code || deal.deal_currency_code === this.currency;
      const rate = isHome ? 1 : Number(deal.hs_exchange_rate);
      const amount = deal.amount === '' || Number.isNaN(rate) ? '' : String(Number(deal.amount) * rate);
      derived.amount_in_home_currency = isHome ? (deal.amount ?? '') : amount;
    }
    return derived;
  }

  #tell(
    type: ObjectType,
    what: string,
    objectId: string,
    author: Author,
    more: Partial<PortalEvent> = {},
  ): void {
    this.onEvent({
      subscriptionType: `${type}.${what}`,
      objectId,
      occurredAt: this.clock.now(),
      changeSource: author.source,
      ...more,
    });
  }
}

/** All addresses of some contacts, each once. The one that a merge leaves over becomes a further one of the survivor. */
const addressesOf = (...contacts: Values[]): string[] => [
  ...new Set(
    contacts.flatMap(({ email, hs_additional_emails: more }) =>
      [email ?? '', ...(more ?? '').split(';')].map((address) => address.trim()).filter((one) => one !== ''),
    ),
  ),
];

const assign = (values: Values, changes: Values): void => {
  for (const [name, value] of Object.entries(changes)) {
    if (value === '') delete values[name];
    else values[name] = value;
  }
};
