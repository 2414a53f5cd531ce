import { OBJECTS, type ObjectType } from './object-types.ts';

export type Values = Record<string, string>;

/** A record as the portal holds it. Dates are milliseconds; ids and all values are text, as HubSpot shows them. */
export type PortalRecord = {
  readonly id: string;
  readonly order: number;
  values: Values;
  readonly createdAt: number;
  updatedAt: number;
  archivedAt: number | undefined;
  /** Who last set a value by hand: property -> user and time. */
  edits: Record<string, { value: string; at: number; userId: number }> | undefined;
};

/** What search knows of a record: its state when the index last looked. `undefined`: not there. */
export type Indexed = Pick<
  PortalRecord,
  'id' | 'order' | 'values' | 'createdAt' | 'updatedAt' | 'archivedAt'
>;

type Change = { visibleAt: number; before: Indexed | undefined };

/** All records of one type, by id, in id order for paging, and in order of change for search. */
export class RecordStore {
  readonly type: ObjectType;
  /** Goes up with every change; what is computed from the records is kept as long as it stands. */
  version = 0;
  readonly byId = new Map<string, PortalRecord>();
  /** Old id -> id of the record that took it over. */
  readonly mergedInto = new Map<string, string>();
  /** E-mail in lower case -> id; contacts only. */
  readonly byEmail = new Map<string, string>();
  #ordered: PortalRecord[] = [];
  /** Every change in order of time; an entry counts while it is its record's last. */
  #changes: { at: number; record: PortalRecord }[] = [];
  #changesSorted = true;
  /** Records that search still shows as they were, oldest change first. */
  #unindexed = new Map<string, Change[]>();
  readonly #indexDelayMs: number;
  #nextId: number;

  constructor(type: ObjectType, indexDelayMs: number) {
    this.type = type;
    this.#indexDelayMs = indexDelayMs;
    this.#nextId = OBJECTS[type].firstId;
  }

  get size(): number {
    return this.#ordered.length;
  }

  newId(): string {
    while (this.byId.has(String(this.#nextId)) || this.mergedInto.has(String(this.#nextId)))
      this.#nextId += 1;
    const id = String(this.#nextId);
    this.#nextId += 1;
    return id;
  }

  /** The record that an id leads to now, merges followed; archived ones included. */
  find(id: string): PortalRecord | undefined {
    let at = id;
    for (let next = this.mergedInto.get(at); next !== undefined; next = this.mergedInto.get(at)) at = next;
    return this.byId.get(at);
  }

  add(record: PortalRecord, now: number): void {
    this.#remember(record.id, undefined, now);
    this.byId.set(record.id, record);
    const last = this.#ordered.at(-1);
    if (!last || last.order < record.order) this.#ordered.push(record);
    else this.#ordered.splice(this.#positionAfter(record.order), 0, record);
    this.#index(record);
    this.#changed(record);
  }

  /** Fills an empty store at once. */
  load(records: PortalRecord[]): void {
    for (const record of records) {
      this.byId.set(record.id, record);
      this.#index(record);
    }
    this.#ordered = records.toSorted((a, b) => a.order - b.order);
    this.#changes = records.map((record) => ({ at: record.updatedAt, record })).sort((a, b) => a.at - b.at);
    const highest = this.#ordered.at(-1)?.order ?? 0;
    this.#nextId = Math.max(this.#nextId, highest + 1);
    this.version += 1;
  }

  /** Applies a change to a record; `updatedAt` of the record says afterwards when. */
  change(record: PortalRecord, now: number, apply: () => void): void {
    if (this.#indexDelayMs > 0) this.#remember(record.id, snapshot(record), now);
    this.#unindex(record);
    apply();
    this.#index(record);
    this.#changed(record);
  }

  /** Takes a record out for good; `into` is the one that answers for its id from now on. */
  remove(record: PortalRecord, now: number, into?: string): void {
    this.#remember(record.id, snapshot(record), now);
    this.#unindex(record);
    this.byId.delete(record.id);
    if (into !== undefined) this.mergedInto.set(record.id, into);
    const at = this.#positionAfter(record.order) - 1;
    if (this.#ordered[at] === record) this.#ordered.splice(at, 1);
    this.version += 1;
  }

  /** Records in id order, after the given id. */
  *after(id: number): Generator<PortalRecord> {
    for (let at = this.#positionAfter(id); at < this.#ordered.length; at += 1) {
      const record = this.#ordered[at];
      if (record) yield record;
    }
  }

  /** Whether search and the records may differ at this time. */
  isIndexLate(now: number): boolean {
    this.#settle(now);
    return this.#unindexed.size > 0;
  }

  /** What search sees, in id order after `afterId`, each changed at or after `since`. */
  *indexed(now: number, since: number, afterId: number): Generator<Indexed> {
    this.#settle(now);
    for (const record of this.#candidates(since, afterId)) {
      const seen = this.#unindexed.has(record.id) ? this.#seen(record.id) : record;
      if (seen) yield seen;
    }
    for (const [id, changes] of this.#unindexed) {
      // Removed records that the index still shows.
      const seen = this.byId.has(id) ? undefined : changes[0]?.before;
      if (seen) yield seen;
    }
  }

  #candidates(since: number, afterId: number): Iterable<PortalRecord> {
    if (since <= 0) return this.after(afterId);
    if (!this.#changesSorted) {
      this.#changes.sort((a, b) => a.at - b.at);
      this.#changesSorted = true;
    }
    let low = 0;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#changes[middle]?.at ?? 0) < since) low = middle + 1;
      else high = middle;
    }
    const found = new Set<PortalRecord>();
    for (let at = low; at < this.#changes.length; at += 1) {
      const entry = this.#changes[at];
      if (entry && entry.record.order > afterId && this.byId.has(entry.record.id)) found.add(entry.record);
    }
    for (const id of this.#unindexed.keys()) {
      const record = this.byId.get(id);
      if (record && record.order > afterId) found.add(record);
    }
    return found;
  }

  #seen(id: string): Indexed | undefined {
    return this.#unindexed.get(id)?.[0]?.before;
  }

  #remember(id: string, before: Indexed | undefined, now: number): void {
    if (this.#indexDelayMs <= 0) return;
    const changes = this.#unindexed.get(id) ?? [];
    changes.push({ visibleAt: now + this.#indexDelayMs, before });
    this.#unindexed.set(id, changes);
  }

  #settle(now: number): void {
    for (const [id, changes] of this.#unindexed) {
      const open = changes.filter((change) => change.visibleAt > now);
      if (open.length === changes.length) continue;
      if (open.length === 0) this.#unindexed.delete(id);
      else this.#unindexed.set(id, open);
    }
  }

  #changed(record: PortalRecord): void {
    this.version += 1;
    const last = this.#changes.at(-1);
    if (last && last.at > record.updatedAt) this.#changesSorted = false;
    this.#changes.push({ at: record.updatedAt, record });
    if (this.#changes.length > 2 * this.#ordered.length + 10_000) {
      this.#changes = this.#ordered.map((each) => ({ at: each.updatedAt, record: each }));
      this.#changesSorted = false;
    }
  }

  #index(record: PortalRecord): void {
    for (const email of this.#addresses(record))
      if (!this.byEmail.has(email)) this.byEmail.set(email, record.id);
  }

  #unindex(record: PortalRecord): void {
    for (const email of this.#addresses(record))
      if (this.byEmail.get(email) === record.id) this.byEmail.delete(email);
  }

  /** A contact is found by its further addresses, too, and none of them can be another's. */
  #addresses({ values }: PortalRecord): string[] {
    if (this.type !== 'contact') return [];
    const all = [values.email ?? '', ...(values.hs_additional_emails ?? '').split(';')];
    return all.map((address) => address.trim().toLowerCase()).filter((address) => address !== '');
  }

  #positionAfter(order: number): number {
    let low = 0;
    let high = this.#ordered.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ordered[middle]?.order ?? 0) <= order) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const snapshot = ({ id, order, values, createdAt, updatedAt, archivedAt }: PortalRecord): Indexed => ({
  id,
  order,
  values: { ...values },
  createdAt,
  updatedAt,
  archivedAt,
});

/** One property as HubSpot shows it; null where there is no value. */
export const shownValue = (type: ObjectType, record: Indexed, name: string): string | null => {
  switch (name) {
    case 'hs_object_id':
      return record.id;
    case 'createdate':
    case 'hs_createdate':
      return new Date(record.createdAt).toISOString();
    case OBJECTS[type].modified:
      return new Date(record.updatedAt).toISOString();
    default:
      return record.values[name] ?? null;
  }
};
