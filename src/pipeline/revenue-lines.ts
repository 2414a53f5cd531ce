import type { Queryable } from '../store/pool.ts';
import type { Tenant } from '../store/tenant.ts';
import type { RevenueSetting } from './revenue.ts';
import { type RevenueLine, revenueCheck } from './setup.ts';

export type CountsAs = 'revenue' | 'refund' | 'not_won' | 'left_out';
export type CountedLine = RevenueLine & { countsAs: CountsAs };
/** Sums as the CRM has them, by currency; null is the account's own. Refunds are taken off. */
export type RevenueSum = { currency: string | null; deals: number; amount: string };

/** The same rules as the profile stage applies, for one line. */
export function countsAs(
  { pipeline, stage, dealType, won }: Pick<RevenueLine, 'pipeline' | 'stage' | 'dealType' | 'won'>,
  { pipelines, dealTypes, wonStages, refunds }: RevenueSetting,
): CountsAs {
  const isRefund = dealType !== null && (refunds.dealTypes?.includes(dealType) ?? false);
  if (pipelines && !pipelines.includes(pipeline ?? '')) return 'left_out';
  if (dealTypes && !dealTypes.includes(dealType ?? '') && !isRefund) return 'left_out';
  if (isRefund && refunds.policy === 'ignore') return 'left_out';
  const isWon = wonStages ? wonStages.includes(stage ?? '') : won === true;
  if (!isWon) return 'not_won';
  return isRefund ? 'refund' : 'revenue';
}

/** A connection's deals by pipeline, stage and type, with what each would count as under a setting. */
export async function countRevenue(
  db: Queryable,
  tenant: Tenant,
  connectionId: string,
  setting: RevenueSetting,
): Promise<{ lines: CountedLine[]; sums: RevenueSum[] }> {
  const lines = (await revenueCheck(db, tenant, connectionId)).map((line) => ({
    ...line,
    countsAs: countsAs(line, setting),
  }));
  const sums = new Map<string | null, { deals: number; cents: number }>();
  for (const { currency, deals, amount, countsAs: as } of lines) {
    if (as !== 'revenue' && as !== 'refund') continue;
    const sum = sums.get(currency) ?? { deals: 0, cents: 0 };
    const cents = Math.round(Number(amount) * 100);
    sums.set(currency, {
      deals: sum.deals + deals,
      cents: sum.cents + (as === 'refund' ? -Math.abs(cents) : cents),
    });
  }
  return {
    lines,
    sums: [...sums].map(([currency, { deals, cents }]) => ({
      currency,
      deals,
      amount: (cents / 100).toFixed(2),
    })),
  };
}
