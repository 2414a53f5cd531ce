import type { HubspotSandbox } from '../../sandbox/hubspot/index.ts';
import type { SalesforceSandbox, SalesforceSeed } from '../../sandbox/salesforce/index.ts';
import type { CrmSeed, SeedRow } from '../../sandbox/seed.ts';
import { RulesSegmentation } from '../../src/segmentation/definition.ts';

/** The day all runs count from, unless a test says otherwise. */
export const AS_OF = new Date('2026-06-01T12:00:00Z');
const CREATED = '2025-01-01T00:00:00.000Z';
const UPDATED = '2026-01-01T00:00:00.000Z';

/** A customer with orders; each is [amount, days ago], won. */
export type Customer = {
  n: number;
  email?: string;
  orders?: [number, number][];
  optedOut?: boolean;
  noProfiling?: boolean;
};

export const daysAgo = (days: number): string => new Date(AS_OF.getTime() - days * 86_400_000).toISOString();
const emailOf = ({ n, email }: Customer) => email ?? `customer${n}@example.com`;

/** Customers 1 to `count`: a third without orders, a third with one small one, a third with two large ones. */
export function customers(count: number, from = 1): Customer[] {
  return Array.from({ length: count }, (_, i): Customer => {
    const n = from + i;
    const orders: Customer['orders'][] = [
      [],
      [[100, 40]],
      [
        [700, 200],
        [800, 20],
      ],
    ];
    return { n, orders: orders[n % 3] ?? [] };
  });
}

const EMPTY = {
  contacts: [],
  companies: [],
  deals: [],
  leads: [],
  owners: [],
  pipelines: [],
  properties: [],
};
const row = (ref: string, properties: SeedRow['properties'], links?: SeedRow['links']): SeedRow => ({
  ref,
  properties,
  createdAt: CREATED,
  updatedAt: UPDATED,
  ...(links && { links }),
});

/** A portal with these customers: contact 100001 is customer 1, and so on. */
export function hubspotShop(people: Customer[]): CrmSeed {
  return {
    ...EMPTY,
    contacts: people.map((one) =>
      row(
        hubspotId(one.n),
        {
          email: emailOf(one),
          lastname: `Customer ${one.n}`,
          ...(one.optedOut && { hs_email_optout: 'true' }),
          ...(one.noProfiling && { do_not_profile: 'true' }),
        },
        [{ to: 'company', ref: '500001', primary: true }],
      ),
    ),
    companies: [row('500001', { name: 'Acme', domain: 'acme.example' })],
    deals: people.flatMap((one) =>
      (one.orders ?? []).map(([amount, days], i) =>
        row(
          String(700_000 + one.n * 10 + i),
          {
            dealname: `Order ${one.n}.${i}`,
            amount,
            dealstage: 'closedwon',
            pipeline: 'default',
            closedate: daysAgo(days),
          },
          [{ to: 'contact', ref: hubspotId(one.n), primary: true }],
        ),
      ),
    ),
    pipelines: [
      {
        id: 'default',
        label: 'Sales',
        stages: [
          { id: 'closedwon', label: 'Closed won', isWon: true, isClosed: true },
          { id: 'closedlost', label: 'Closed lost', isWon: false, isClosed: true },
        ],
      },
    ],
    properties: [{ object: 'contact', name: 'do_not_profile', label: 'Do not profile', type: 'bool' }],
  };
}

export const hubspotId = (n: number): string => String(100_000 + n);

/** The same customers as contacts of an org. The org keeps the rows as its own. */
export function salesforceShop(people: Customer[]): SalesforceSeed {
  return {
    ...EMPTY,
    contacts: people.map((one) =>
      row(
        String(one.n),
        {
          Email: emailOf(one),
          LastName: `Customer ${one.n}`,
          ...(one.optedOut && { HasOptedOutOfEmail: true }),
          ...(one.noProfiling && { 'Individual.HasOptedOutProfiling': true }),
        },
        [{ to: 'company', ref: '1' }],
      ),
    ),
    companies: [row('1', { Name: 'Acme', Website: 'https://acme.example' })],
    deals: people.flatMap((one) =>
      (one.orders ?? []).map(([amount, days], i) =>
        row(
          String(one.n * 10 + i),
          {
            Name: `Order ${one.n}.${i}`,
            Amount: amount,
            StageName: 'Closed Won',
            CloseDate: daysAgo(days).slice(0, 10),
          },
          [{ to: 'contact', ref: String(one.n), primary: true, role: 'Decision Maker' }],
        ),
      ),
    ),
    pipelines: [
      {
        id: '1',
        label: 'Sales',
        stages: [{ id: 'won', label: 'Closed Won', isWon: true, isClosed: true }],
      },
    ],
  };
}

/** One label each: vip from 1,000 of revenue, buyer with any order, prospect without; with lists that we fill. */
export function spend(more: Record<string, unknown> = {}): RulesSegmentation {
  return RulesSegmentation.parse({
    key: 'spend',
    name: 'Spend',
    subject: 'person',
    method: 'rules',
    targets: { hubspot: { list: 'manual' }, salesforce: { campaign: true } },
    segments: [
      { key: 'vip', name: 'Big spenders', when: { attribute: 'revenue_total', atLeast: 1000 } },
      { key: 'buyer', name: 'Buyers', when: { attribute: 'deal_count', atLeast: 1 } },
      { key: 'prospect', name: 'Prospects', when: { attribute: 'deal_count', below: 1 } },
    ],
    ...more,
  });
}

/** Several labels each, with lists that the CRM fills. */
export const habits = RulesSegmentation.parse({
  key: 'habits',
  name: 'Habits',
  subject: 'person',
  method: 'rules',
  labels: 'many',
  targets: { hubspot: { list: 'dynamic' }, salesforce: { listView: true } },
  segments: [
    { key: 'repeat', name: 'Buys again', when: { attribute: 'deal_count', atLeast: 2 } },
    { key: 'recent', name: 'Bought lately', when: { attribute: 'last_order_at', inLast: '90 days' } },
  ],
});

/** Another won order of a contact, two days ago, makes a big spender of anybody. Returns the deal's id. */
export function orderInHubspot({ admin }: HubspotSandbox, contactId: string, amount = 5_000): string {
  const deal = admin.createRecord('deal', {
    dealname: 'Another order',
    amount,
    dealstage: 'closedwon',
    pipeline: 'default',
    closedate: daysAgo(2),
  });
  admin.associate('deal', deal, 'contact', contactId);
  return deal;
}

/** As in HubSpot. Returns the opportunity's id. */
export function orderInSalesforce({ admin }: SalesforceSandbox, contactId: string, amount = 5_000): string {
  const opportunity = admin.create('Opportunity', {
    Name: 'Another order',
    Amount: amount,
    StageName: 'Closed Won',
    CloseDate: daysAgo(2).slice(0, 10),
  });
  admin.create('OpportunityContactRole', {
    OpportunityId: opportunity,
    ContactId: contactId,
    IsPrimary: true,
  });
  return opportunity;
}
