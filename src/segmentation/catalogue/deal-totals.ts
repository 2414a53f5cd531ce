import type { CatalogueRow } from './row.ts';

/** What profile works out from the deals that are credited to a person or a company. */
export const dealTotals: CatalogueRow[] = [
  {
    key: 'deal_count',
    name: 'Purchases',
    type: 'number',
    kind: 'value',
    empty: 'zero',
    description: 'Won deals that count.',
    from: 'computed',
  },
  {
    key: 'revenue_total',
    name: 'Revenue',
    type: 'money',
    kind: 'value',
    empty: 'zero',
    description: 'Of won deals that count.',
    from: 'computed',
  },
  { key: 'average_order', name: 'Average purchase', type: 'money', kind: 'value', from: 'computed' },
  { key: 'first_order_at', name: 'First purchase', type: 'date', kind: 'value', from: 'computed' },
  { key: 'last_order_at', name: 'Last purchase', type: 'date', kind: 'value', from: 'computed' },
  {
    key: 'open_deal_count',
    name: 'Open deals',
    type: 'number',
    kind: 'value',
    empty: 'zero',
    from: 'computed',
  },
  {
    key: 'open_deal_amount',
    name: 'Amount of open deals',
    type: 'money',
    kind: 'value',
    empty: 'zero',
    from: 'computed',
  },
  {
    key: 'lost_deal_count',
    name: 'Lost deals',
    type: 'number',
    kind: 'value',
    empty: 'zero',
    from: 'computed',
  },
];
