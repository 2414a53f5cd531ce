import { z } from 'zod';
import type { HubspotAdmin } from '../../sandbox/hubspot/admin.ts';
import type { SalesforceAdmin } from '../../sandbox/salesforce/index.ts';
import { type ObjectType, Scalar } from '../../src/model/record.ts';
import type { ShownSource } from '../../src/pipeline/push/check.ts';

/** Everything of ours that a CRM shows, whatever is empty left out; two CRMs with equal states show the same. */
export type CrmState = {
  /** "contact 100001" -> property -> value */
  records: Record<string, Record<string, unknown>>;
  /** List or campaign -> its members, one entry each time somebody is in it. */
  lists: Record<string, string[]>;
  /** Ids of list members by name: a list that was made twice is seen twice. */
  listNames: string[];
};

const isOurs = (name: string) => /^segment_sync_/i.test(name);
/** Written with each change, so that it tells when and not what. */
const isDate = (name: string) => /_changed/i.test(name);

function ours(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values)
      .filter(([name, value]) => isOurs(name) && !isDate(name) && value !== '' && value !== null)
      .map(([name, value]) => [name, String(value).split(';').sort().join(';')])
      .sort(([a = ''], [b = '']) => (a < b ? -1 : 1)),
  );
}

export function hubspotState(admin: HubspotAdmin): CrmState {
  const records: CrmState['records'] = {};
  for (const object of ['contact', 'company', 'deal'] as const) {
    for (const { id, archived, properties } of admin.allRecords(object)) {
      if (!archived) records[`${object} ${id}`] = ours(properties);
    }
  }
  const lists = admin.lists().filter(({ deleted }) => !deleted);
  return {
    records,
    lists: Object.fromEntries(lists.map(({ listId, name }) => [name, admin.listMembers(listId).sort()])),
    listNames: lists.map(({ name }) => name).sort(),
  };
}

const memberOf = (member: { contactId: string | null; leadId: string | null; status: string | null }) =>
  `${member.contactId ?? member.leadId} ${member.status}`;

export function salesforceState(admin: SalesforceAdmin): CrmState {
  const records: CrmState['records'] = {};
  for (const object of ['Contact', 'Lead', 'Account', 'Opportunity']) {
    for (const row of admin.allRecords(object)) records[`${object} ${row.Id}`] = ours(row);
  }
  const campaigns = admin.campaigns();
  const views = admin.listViews();
  return {
    records,
    lists: Object.fromEntries([
      ...campaigns.map(({ name, members }) => [name, members.map(memberOf).sort()]),
      ...views.map(({ label, members }) => [label, members.sort()]),
    ]),
    listNames: [...campaigns.map(({ name }) => name), ...views.map(({ label }) => label)].sort(),
  };
}

const ListRemote = z.object({ listId: z.string() });
const CampaignRemote = z.object({ id: z.string() });

const picked = (values: Record<string, unknown>, names: string[]): Record<string, Scalar> =>
  Object.fromEntries(names.map((name) => [name, Scalar.catch(null).parse(values[name] ?? null)]));

/** Reads a portal from behind, for comparing it with what the store says; no call of ours. */
export const hubspotSource = (admin: HubspotAdmin): ShownSource => ({
  records: async function* (object: ObjectType, names) {
    yield admin
      .allRecords(object)
      .filter(({ archived }) => !archived)
      .map(({ id, properties }) => ({ id, properties: picked(properties, names) }));
  },
  members: async function* ({ remote }) {
    yield admin.listMembers(ListRemote.parse(remote).listId);
  },
});

const SOBJECTS = { contact: ['Contact', 'Lead'], company: ['Account'], deal: ['Opportunity'] };

export const salesforceSource = (admin: SalesforceAdmin): ShownSource => ({
  records: async function* (object: ObjectType, names) {
    for (const sobject of SOBJECTS[object]) {
      yield admin.allRecords(sobject).map((row) => ({ id: row.Id, properties: picked(row, names) }));
    }
  },
  members: async function* ({ remote }) {
    const { id } = CampaignRemote.parse(remote);
    const found = admin.campaigns().find((campaign) => campaign.id === id);
    yield (found?.members ?? [])
      .filter(({ status }) => status !== 'Left')
      .map(({ contactId, leadId }) => contactId ?? leadId ?? '');
  },
});
