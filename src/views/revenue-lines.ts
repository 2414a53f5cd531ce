import { homeCurrencies } from '../pipeline/profile/rates.ts';
import type { RevenueSetting } from '../pipeline/profile/revenue.ts';
import { type RevenueLine, revenueCheck } from '../pipeline/publish/setup.ts';
import type { Queryable } from '../store/pool.ts';
import type { Tenant } from '../store/tenant.ts';

export type CountsAs = 'revenue' | 'refund' | 'not_won' | 'left_out';
export type CountedLine = Omit<RevenueLine, 'currency'> & { currency: string; countsAs: CountsAs };
/** Sums as the CRM has them, by currency. Refunds are taken off. */
export type RevenueSum = { currency: string; deals: number; amount: string };

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
  const home = setting.currency ?? (await homeCurrencies(db, tenant)).get(connectionId) ?? tenant.currency;
  const lines = new Map<string, CountedLine>();
  for (const line of await revenueCheck(db, tenant, connectionId)) {
    const currency = line.currency ?? home;
    const key = JSON.stringify([line.pipeline, line.stage, line.dealType, line.won, currency]);
    const same = lines.get(key);
    lines.set(key, {
      ...line,
      currency,
      deals: line.deals + (same?.deals ?? 0),
      amount: money(cents(line.amount) + cents(same?.amount ?? '0')),
      countsAs: countsAs(line, setting),
    });
  }
  const sums = new Map<string, { deals: number; total: number }>();
  for (const { currency, deals, amount, countsAs: as } of lines.values()) {
    if (as !== 'revenue' && as !== 'refund') continue;
    const sum = sums.get(currency) ?? { deals: 0, total: 0 };
    const total = sum.total + (as === 'refund' ? -Math.abs(cents(amount)) : cents(amount));
    sums.set(currency, { deals: sum.deals + deals, total });
  }
  return {
    lines: [...lines.values()],
    sums: [...sums].map(([currency, { deals, total }]) => ({ currency, deals, amount: money(total) })),
  };
}

const cents = (amount: string): number => Math.round(Number(amount) * 100);
const money = (total: number): string => (total / 100).toFixed(2);
