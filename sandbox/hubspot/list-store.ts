import { type FilterBranch, filtersOf, passes } from './list-filter.ts';
import type { ObjectType } from './object-types.ts';
import type { Portal } from './portal.ts';
import type { PortalRecord } from './records.ts';

export type ProcessingType = 'MANUAL' | 'SNAPSHOT' | 'DYNAMIC';

export type PortalList = {
  listId: string;
  type: ObjectType;
  name: string;
  processingType: ProcessingType;
  filterBranch: FilterBranch | undefined;
  /** Record id -> when it joined; of MANUAL and SNAPSHOT lists. */
  members: Map<string, number>;
  version: number;
  createdAt: number;
  updatedAt: number;
  filtersUpdatedAt: number;
  deletedAt: number | undefined;
};

export type Member = { recordId: string; joinedAt: number };

/** HubSpot lists ("segments"). A DYNAMIC list is its filter: who is in it is worked out when asked. */
export class ListStore {
  readonly #portal: Portal;
  #lists = new Map<string, PortalList>();
  #nextId = 1;
  #evaluated = new Map<string, { listVersion: number; recordsVersion: number; members: Member[] }>();

  constructor(portal: Portal) {
    this.#portal = portal;
    portal.onMerge = (type, survivor, gone) => this.#merged(type, survivor, gone);
    portal.usesOf = (type, property) => this.#filteringOn(type, property);
  }

  all(): PortalList[] {
    return [...this.#lists.values()];
  }

  get(listId: string): PortalList | undefined {
    return this.#lists.get(listId);
  }

  byName(type: ObjectType, name: string): PortalList | undefined {
    return this.all().find(
      (list) =>
        list.deletedAt === undefined && list.type === type && list.name.toLowerCase() === name.toLowerCase(),
    );
  }

  create(given: Pick<PortalList, 'type' | 'name' | 'processingType' | 'filterBranch'>): PortalList {
    const now = this.#portal.clock.now();
    const list: PortalList = {
      ...given,
      listId: String(this.#nextId),
      members: new Map(),
      version: 1,
      createdAt: now,
      updatedAt: now,
      filtersUpdatedAt: now,
      deletedAt: undefined,
    };
    this.#nextId += 1;
    this.#lists.set(list.listId, list);
    if (list.processingType === 'SNAPSHOT' && list.filterBranch) {
      for (const { recordId } of this.#evaluate(list)) list.members.set(recordId, now);
    }
    return list;
  }

  touch(list: PortalList): void {
    list.version += 1;
    list.updatedAt = this.#portal.clock.now();
  }

  /** In record order. Archived records and those gone are in no list. */
  members(list: PortalList): Member[] {
    if (list.processingType !== 'DYNAMIC') {
      const records = this.#portal.records[list.type];
      return [...list.members]
        .filter(([id]) => records.byId.get(id)?.archivedAt === undefined && records.byId.has(id))
        .map(([recordId, joinedAt]) => ({ recordId, joinedAt }))
        .sort((a, b) => Number(a.recordId) - Number(b.recordId));
    }
    const recordsVersion = this.#portal.records[list.type].version;
    const kept = this.#evaluated.get(list.listId);
    // A filter on another list may change without a record changing.
    const isFixed =
      list.filterBranch !== undefined && !JSON.stringify(list.filterBranch).includes('"IN_LIST"');
    if (isFixed && kept && kept.listVersion === list.version && kept.recordsVersion === recordsVersion)
      return kept.members;
    const members = this.#evaluate(list);
    this.#evaluated.set(list.listId, { listVersion: list.version, recordsVersion, members });
    return members;
  }

  isMember(list: PortalList, record: PortalRecord): boolean {
    if (list.deletedAt !== undefined || record.archivedAt !== undefined) return false;
    if (list.processingType !== 'DYNAMIC') return list.members.has(record.id);
    return list.filterBranch ? this.#passes(list, record, list.filterBranch) : false;
  }

  #passes(list: PortalList, record: PortalRecord, branch: FilterBranch): boolean {
    return passes(list.type, record, branch, (listId, each) => {
      const other = this.#lists.get(listId);
      return other !== undefined && other !== list && this.isMember(other, each);
    });
  }

  #evaluate(list: PortalList): Member[] {
    const { filterBranch } = list;
    if (!filterBranch) return [];
    const members: Member[] = [];
    for (const record of this.#portal.records[list.type].after(0)) {
      if (record.archivedAt === undefined && this.#passes(list, record, filterBranch)) {
        members.push({ recordId: record.id, joinedAt: record.updatedAt });
      }
    }
    return members;
  }

  #filteringOn(type: ObjectType, property: string): string[] {
    const isOn = ({ filterBranch }: PortalList) =>
      filterBranch &&
      filtersOf(filterBranch).some(
        (filter) => filter.filterType === 'PROPERTY' && filter.property === property,
      );
    return this.all().flatMap((list) =>
      list.type === type && list.deletedAt === undefined && isOn(list) ? [`list "${list.name}"`] : [],
    );
  }

  #merged(type: ObjectType, survivor: string, gone: string[]): void {
    for (const list of this.#lists.values()) {
      if (list.type !== type) continue;
      for (const id of gone) {
        const joinedAt = list.members.get(id);
        if (joinedAt === undefined) continue;
        list.members.delete(id);
        if (!list.members.has(survivor)) list.members.set(survivor, joinedAt);
      }
    }
  }
}
