import { afterEach, expect } from 'vitest';
import { MemoryPace, memoryContext } from '../../connectors/context.ts';
import type { OAuthSecret, Page, PullRequest } from '../../connectors/contract.ts';
import type { SalesforceConfig } from '../../connectors/salesforce/config.ts';
import salesforce from '../../connectors/salesforce/index.ts';
import { FieldRemote } from '../../connectors/salesforce/remotes.ts';
import {
  type SalesforceOptions,
  type SalesforceSandbox,
  type SalesforceSeed,
  startSalesforce,
} from '../../sandbox/salesforce/index.ts';
import type { SeedRow } from '../../sandbox/seed.ts';
import type { ObjectType } from '../../src/model/record.ts';
import type { Rig, RigSeed } from './conformance-rig.ts';

const PROPERTY = { contact: 'LastName', company: 'Name', deal: 'Name' } as const;
const SOBJECTS = { contact: 'Contact', company: 'Account', deal: 'Opportunity' } as const;

export const V = '/services/data/v66.0';

export const seedOf = ({ contacts, companies, deals, sameTime }: RigSeed): SalesforceSeed => {
  const first = Date.parse('2024-01-01T00:00:00.000Z');
  const at = (index: number) => sameTime ?? new Date(first + index * 60_000).toISOString();
  const rows = (count: number, properties: (n: number) => SeedRow['properties']): SeedRow[] =>
    Array.from({ length: count }, (_, index) => ({
      ref: String(index + 1),
      properties: properties(index),
      createdAt: '2023-01-01T00:00:00.000Z',
      updatedAt: at(index),
    }));
  const companyOf = (index: number) => ({ to: 'company' as const, ref: String(1 + (index % companies)) });
  return {
    contacts: rows(contacts, (n) => ({ Email: `p${n}@example.com`, LastName: `Person ${n}` })).map(
      (row, index) => ({ ...row, links: [companyOf(index)] }),
    ),
    companies: rows(companies, (n) => ({ Name: `Company ${n}` })),
    deals: rows(deals, (n) => ({
      Name: `Deal ${n}`,
      Amount: 100,
      StageName: 'Closed Won',
      CloseDate: '2024-01-01',
    })).map((row, index) => ({
      ...row,
      links: [{ to: 'contact' as const, ref: String(1 + index), primary: true }, companyOf(index)],
    })),
    leads: [],
    owners: [],
    pipelines: [
      {
        id: '1',
        label: 'Sales',
        stages: [{ id: 'won', label: 'Closed Won', isWon: true, isClosed: true }],
      },
    ],
    properties: [],
  };
};

type SalesforceContext = ReturnType<typeof memoryContext<SalesforceConfig>>;
export type SalesforceRig = Omit<Rig, 'context'> & {
  crm: SalesforceSandbox;
  context(options?: { signal?: AbortSignal }): SalesforceContext;
};

/** A Salesforce sandbox with our connector on it. The sandbox keeps the seed's rows as its own. */
export const salesforceRig = async (
  seed: SalesforceSeed,
  options: SalesforceOptions = {},
): Promise<SalesforceRig> => {
  const crm = await startSalesforce({ seed, bulk: { delayMs: 40 }, ...options });
  const { admin, app, url } = crm;
  admin.selectChanges(['Contact', 'Account', 'Lead', 'Opportunity']);
  const issued = crm.issueInstall();
  const pace = new MemoryPace(salesforce.budgets);
  const first: OAuthSecret = {
    accessToken: issued.accessToken,
    refreshToken: issued.refreshToken,
    expiresAt: null,
    apiUrl: issued.instanceUrl,
  };
  // A refresh token counts once: each context begins with what the one before it ended with.
  let last: SalesforceContext | undefined;
  const context: SalesforceRig['context'] = (more = {}) => {
    last = memoryContext({
      connector: salesforce,
      config: { loginUrl: url },
      app,
      secret: last?.secret() ?? first,
      now: () => new Date(crm.clock.now()),
      pace,
      ...more,
    });
    return last;
  };
  const liveIds = (object: ObjectType) => admin.allRecords(SOBJECTS[object]).map(({ Id }) => Id);
  return {
    crm,
    connector: salesforce,
    property: PROPERTY,
    context,
    ids: liveIds,
    edit: (object, id, value) => admin.update(id, { [PROPERTY[object]]: value }),
    create: (object, value) => admin.create(SOBJECTS[object], { [PROPERTY[object]]: value }),
    remove: (_object, id) => admin.delete(id),
    relink: (id) => {
      const before = admin.record(id)?.AccountId;
      const toId = liveIds('company').find((company) => company !== before) ?? '';
      admin.update(id, { AccountId: toId }, { stamp: false });
      return { object: 'contact', to: 'company', toId };
    },
    merge: (_object, primary, other) => {
      admin.merge(primary, [other]);
      return primary;
    },
    shown: (remote, _object, id) => {
      const value = admin.record(id)?.[FieldRemote.parse(remote).property] ?? null;
      return typeof value === 'number' ? String(value) : value;
    },
    foreign: {
      make: async () => {
        const response = await fetch(`${url}${V}/tooling/sobjects/CustomField`, {
          method: 'POST',
          headers: { authorization: `Bearer ${first.accessToken}`, 'content-type': 'application/json' },
          body: JSON.stringify({
            FullName: 'Contact.Segment_Sync_Value_Tiers__c',
            Metadata: {
              type: 'Picklist',
              label: 'Made by hand',
              valueSet: {
                valueSetDefinition: { sorted: false, value: [{ valueName: 'own', label: 'Own' }] },
              },
            },
          }),
        });
        if (!response.ok) throw new Error(await response.text());
      },
      read: () => admin.fields('Contact').find(({ name }) => name === 'Segment_Sync_Value_Tiers__c'),
    },
    // Rows that were locked are tried once more: only what stays locked is a failure.
    faults: ({ rules = [], ...plan }) =>
      crm.faults.replace({
        ...plan,
        rules: rules.map((rule) => (rule.fault.kind === 'partial' ? { ...rule, times: 2 } : rule)),
      }),
    advance: (ms) => crm.clock.advance(ms),
    writes: () => crm.journal.totals().writes,
    broken: () => ({ rules: crm.journal.totals().broken, throttled: crm.journal.totals().throttled }),
    stop: () => crm.stop(),
  };
};

/** Starts orgs for the tests of a file. Each has to have kept every rule of the CRM, and is stopped after its test. */
export function salesforceRigs(size: RigSeed) {
  const open: SalesforceRig[] = [];
  afterEach(async () => {
    for (const rig of open.splice(0)) {
      expect(rig.broken()).toEqual({ rules: [], throttled: 0 });
      await rig.stop();
    }
  });
  return async (change: Partial<SalesforceSeed> = {}, options: SalesforceOptions = {}) => {
    const rig = await salesforceRig({ ...seedOf(size), ...change }, options);
    open.push(rig);
    return rig;
  };
}

/** All pages of a pull of contacts, unless another object is asked for. */
export async function pullAll(
  rig: SalesforceRig,
  request: Partial<PullRequest>,
  context = rig.context(),
): Promise<Page[]> {
  const all: Page[] = [];
  const whole: PullRequest = { object: 'contact', mode: 'full', properties: [], cursor: null, ...request };
  for await (const page of salesforce.pull(context, whole)) all.push(page);
  return all;
}

export const recordsOf = (pages: Page[]) => pages.flatMap((page) => page.records);
