/** How many days with purchases, the first and the last of them, and the revenue of all but the first. */
export const purchaseColumns = ['days', 'first', 'last', 'again'] as const;
export type PurchaseColumn = (typeof purchaseColumns)[number];

/**
 * What profile keeps of a subject's purchases, beside its attributes, so that labelling passes over no deals. All won
 * deals that count are in it, whatever their date; `bought_days` is null where nobody worked it out yet.
 */
export const storedPurchases: Record<PurchaseColumn, string> = {
  days: 'bought_days',
  first: 'bought_first',
  last: 'bought_last',
  again: 'bought_again',
};

/** Aggregates over the rows of `purchaseDays`. */
export const ofPurchaseDays: Record<PurchaseColumn, string> = {
  days: 'count(*)',
  first: 'min(day)',
  last: 'max(day)',
  again: '(sum(amount) - (array_agg(amount order by day))[1])::double precision',
};

/**
 * Days with purchases, from deals `d`: those of one day are one, refunds lower the total of their own day, and a day
 * left with nothing is none. Days do not touch each other: without those after a date the rest stays as it is.
 * @param key what rows are grouped by besides, `... as id`; null where they are of one subject
 */
export function purchaseDays(source: string, filter: string, key: string | null): string {
  const select = key === null ? '' : `${key} as id, `;
  return `select ${select}d.closed_at as day, coalesce(sum(d.revenue), 0) as amount
  from ${source}
  where ${filter}
  group by ${key === null ? '1' : '1, 2'}
  having coalesce(sum(d.revenue), 0) > 0
    or (coalesce(sum(d.revenue), 0) = 0 and bool_or(d.revenue < 0) is not true)`;
}
