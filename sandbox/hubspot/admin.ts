import { z } from 'zod';
import { type Operation, operation } from '../control.ts';
import type { Api } from './api.ts';
import { shownDefinition } from './definitions.ts';
import { RootBranch } from './list-filter.ts';
import type { ListStore } from './list-store.ts';
import type { Ids } from './load.ts';
import { SCOPES } from './oauth.ts';
import type { ObjectType } from './object-types.ts';
import { USER } from './portal.ts';
import { archiveProperty } from './properties.ts';
import type { PortalRecord, Values } from './records.ts';
import type { PortalTask } from './tasks.ts';
import { type WebhookSender, WebhookTarget } from './webhooks.ts';

/** A record seen from behind: what the API would show of it, whole. */
export type AdminRecord = {
  id: string;
  properties: Values;
  createdAt: string;
  updatedAt: string;
  archived: boolean;
  companies: string[];
  contacts: string[];
  deals: string[];
};

export type AdminList = {
  listId: string;
  object: ObjectType;
  name: string;
  processingType: string;
  deleted: boolean;
  filterBranch?: unknown;
};

type AdminValues = Record<string, string | number | boolean | null>;

const asValues = (given: AdminValues): Values =>
  Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, value === null ? '' : String(value)]),
  );

/** What tests and the demo do to the portal behind its API's back: not counted, not limited, not validated. */
export const hubspotAdmin = (api: Api, lists: ListStore, ids: Ids, webhooks: WebhookSender) => {
  const { portal } = api;

  const shown = (type: ObjectType, record: PortalRecord): AdminRecord => ({
    id: record.id,
    properties: { ...record.values },
    createdAt: new Date(record.createdAt).toISOString(),
    updatedAt: new Date(record.updatedAt).toISOString(),
    archived: record.archivedAt !== undefined,
    companies: portal.associations.list(type, record.id, 'company').map(({ to }) => to),
    contacts:
      type === 'contact' ? [] : portal.associations.list(type, record.id, 'contact').map(({ to }) => to),
    deals: type === 'deal' ? [] : portal.associations.list(type, record.id, 'deal').map(({ to }) => to),
  });

  const get = (type: ObjectType, id: string): PortalRecord => {
    const record = portal.records[type].find(id);
    if (!record) throw new Error(`There is no ${type} ${id}`);
    return record;
  };

  const list = (listId: string) => {
    const found = lists.get(listId);
    if (!found) throw new Error(`There is no list ${listId}`);
    return found;
  };

  return {
    /** Every record, archived ones included, a page at a time. */
    records(
      type: ObjectType,
      after: string | null = null,
      limit = 1_000,
    ): { records: AdminRecord[]; after: string | null } {
      const page: AdminRecord[] = [];
      for (const record of portal.records[type].after(Number(after ?? 0))) {
        if (page.length === limit) return { records: page, after: page.at(-1)?.id ?? null };
        page.push(shown(type, record));
      }
      return { records: page, after: null };
    },

    allRecords(type: ObjectType): AdminRecord[] {
      return [...portal.records[type].after(0)].map((record) => shown(type, record));
    },

    count(type: ObjectType): number {
      return portal.records[type].size;
    },

    /** Merges followed; null when there is none. */
    record(type: ObjectType, id: string): AdminRecord | null {
      const record = portal.records[type].find(id);
      return record ? shown(type, record) : null;
    },

    /** The id that a seeded row was given. */
    idOf(type: ObjectType, ref: string): string | null {
      return ids[type].get(ref) ?? null;
    },

    tasks: (): PortalTask[] => portal.tasks.map((task) => structuredClone(task)),

    createRecord(type: ObjectType, properties: AdminValues): string {
      return portal.create(type, asValues(properties), USER).id;
    },

    /** As a person would by hand, in any field; null clears. `bumpModified: false` leaves the change time alone. */
    setProperties(
      type: ObjectType,
      id: string,
      properties: AdminValues,
      options: { bumpModified?: boolean } = {},
    ): void {
      const record = get(type, id);
      const unknown = Object.keys(properties).find((name) => !portal.definitions[type].has(name));
      if (unknown) throw new Error(`There is no property ${unknown} of ${type}`);
      portal.write(type, record, asValues(properties), {
        ...USER,
        bumpModified: options.bumpModified ?? true,
      });
    },

    archive(type: ObjectType, id: string): void {
      portal.archive(type, get(type, id), USER);
    },

    restore(type: ObjectType, id: string): void {
      portal.restore(type, get(type, id), USER);
    },

    /** The survivor's id. */
    merge(type: ObjectType, primaryId: string, otherId: string, options: { keepId?: boolean } = {}): string {
      return portal.merge(
        type,
        get(type, primaryId),
        get(type, otherId),
        USER,
        options.keepId ?? api.mergeKeepsId,
      ).id;
    },

    gdprDelete(id: string): void {
      portal.erase('contact', get('contact', id), USER);
    },

    associate(from: ObjectType, id: string, to: ObjectType, toId: string, typeIds: number[] = []): void {
      portal.associate(from, get(from, id).id, to, get(to, toId).id, typeIds);
    },

    dissociate(from: ObjectType, id: string, to: ObjectType, toId: string): void {
      portal.dissociate(from, id, to, toId);
    },

    properties(type: ObjectType) {
      return [...portal.definitions[type].values()].map(shownDefinition);
    },

    deleteProperty(type: ObjectType, name: string): void {
      archiveProperty(api, type, name, portal.clock.now());
    },

    lists(): AdminList[] {
      return lists.all().map(({ listId, type, name, processingType, deletedAt, filterBranch }) => ({
        listId,
        object: type,
        name,
        processingType,
        deleted: deletedAt !== undefined,
        ...(filterBranch && { filterBranch }),
      }));
    },

    createList(
      type: ObjectType,
      name: string,
      processingType: 'MANUAL' | 'DYNAMIC',
      filterBranch: unknown = null,
    ): string {
      const branch = filterBranch === null ? undefined : RootBranch.parse(filterBranch);
      return lists.create({ type, name, processingType, filterBranch: branch }).listId;
    },

    deleteList(listId: string): void {
      list(listId).deletedAt = portal.clock.now();
    },

    /** Ids of the members now; the filter of a DYNAMIC list is worked out. */
    listMembers(listId: string): string[] {
      return lists.members(list(listId)).map(({ recordId }) => recordId);
    },

    issueInstall(scopes: string[] | null = null) {
      return api.installs.issue(api.installs.add(new Set(scopes ?? SCOPES)));
    },

    /** As when an admin of the account removes the app: every token is dead. */
    uninstall(): void {
      api.installs.uninstallAll();
    },

    /** Sends events to an address from now on; null stops. */
    subscribe(target: WebhookTarget | null): void {
      webhooks.subscribe(target);
    },

    account(): { portalId: number; currency: string; timeZone: string; clientId: string } {
      return {
        portalId: portal.id,
        currency: portal.currency,
        timeZone: portal.timeZone,
        clientId: api.app.clientId,
      };
    },
  };
};

export type HubspotAdmin = ReturnType<typeof hubspotAdmin>;

const Type = z.enum(['contact', 'company', 'deal']);
const Id = z.string();
const Values_ = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));

/** The same operations for another process, with what each takes. */
export const adminOperations = (admin: HubspotAdmin): Record<keyof HubspotAdmin, Operation> => ({
  records: operation(
    z.tuple([Type, Id.nullable().default(null), z.int().min(1).max(10_000).default(1_000)]),
    admin.records,
  ),
  allRecords: operation(z.tuple([Type]), admin.allRecords),
  count: operation(z.tuple([Type]), admin.count),
  record: operation(z.tuple([Type, Id]), admin.record),
  idOf: operation(z.tuple([Type, z.string()]), admin.idOf),
  tasks: operation(z.tuple([]), admin.tasks),
  createRecord: operation(z.tuple([Type, Values_]), admin.createRecord),
  setProperties: operation(
    z.tuple([Type, Id, Values_, z.object({ bumpModified: z.boolean().optional() }).default({})]),
    admin.setProperties,
  ),
  archive: operation(z.tuple([Type, Id]), admin.archive),
  restore: operation(z.tuple([Type, Id]), admin.restore),
  merge: operation(
    z.tuple([Type, Id, Id, z.object({ keepId: z.boolean().optional() }).default({})]),
    admin.merge,
  ),
  gdprDelete: operation(z.tuple([Id]), admin.gdprDelete),
  associate: operation(z.tuple([Type, Id, Type, Id, z.array(z.int()).default([])]), admin.associate),
  dissociate: operation(z.tuple([Type, Id, Type, Id]), admin.dissociate),
  properties: operation(z.tuple([Type]), admin.properties),
  deleteProperty: operation(z.tuple([Type, z.string()]), admin.deleteProperty),
  lists: operation(z.tuple([]), admin.lists),
  createList: operation(
    z.tuple([Type, z.string(), z.enum(['MANUAL', 'DYNAMIC']), z.unknown().default(null)]),
    admin.createList,
  ),
  deleteList: operation(z.tuple([Id]), admin.deleteList),
  listMembers: operation(z.tuple([Id]), admin.listMembers),
  issueInstall: operation(z.tuple([z.array(z.string()).nullable().default(null)]), admin.issueInstall),
  uninstall: operation(z.tuple([]), admin.uninstall),
  subscribe: operation(z.tuple([WebhookTarget.nullable()]), admin.subscribe),
  account: operation(z.tuple([]), admin.account),
});
