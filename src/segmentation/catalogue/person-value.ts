import { dealTotals } from './deal-totals.ts';
import type { CatalogueRow } from './row.ts';

/** What somebody is worth, by the CRM and by their deals. */
export const personValue: CatalogueRow[] = [
  // value
  { key: 'net_worth', name: 'Net worth', type: 'money', kind: 'value', from: 'custom' },
  { key: 'investable_assets', name: 'Investable assets', type: 'money', kind: 'value', from: 'custom' },
  { key: 'retirement_savings', name: 'Retirement savings', type: 'money', kind: 'value', from: 'custom' },
  { key: 'recurring_amount', name: 'Recurring amount a month', type: 'money', kind: 'value', from: 'custom' },
  {
    key: 'crm_score',
    name: "The CRM's own score",
    type: 'number',
    kind: 'value',
    from: { hubspot: 'hubspotscore', salesforce: 'Score__c' },
  },
  // value, worked out from deals
  ...dealTotals,
  {
    key: 'involved_deal_count',
    name: 'Purchases taken part in',
    type: 'number',
    kind: 'value',
    empty: 'zero',
    from: 'computed',
  },
  {
    key: 'involved_revenue',
    name: 'Revenue taken part in',
    type: 'money',
    kind: 'value',
    empty: 'zero',
    from: 'computed',
  },
  {
    key: 'deal_roles',
    name: 'Roles in deals',
    type: 'multi',
    kind: 'behavioural',
    description:
      'As the CRM calls them, in lower case with underscores: decision_maker. HubSpot: labels between deals and contacts; Salesforce: contact roles.',
    from: 'computed',
  },
];
