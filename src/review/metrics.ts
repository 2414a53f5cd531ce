import { type Rate, TOO_FEW, wilsonRate } from '../segmentation/statistics/proportions.ts';
import { MIN_GROUP } from './facts.ts';

/** What a rate counts and of how many, in words that stand beside every figure. */
export const RATES = {
  winRate: {
    name: 'Win rate',
    numerator: 'deals won in the window',
    denominator: 'deals won or lost in the window',
    needs: ['deal.won', 'deal.closed', 'deal.closed_at'],
  },
  conversion: {
    name: 'Conversion',
    numerator: 'members who bought for the first time in the window',
    denominator: 'members who had not bought before the window',
    needs: ['deal.won', 'deal.closed_at'],
  },
  retention: {
    name: 'Retention',
    numerator: 'members who bought in the window and in the one before',
    denominator: 'members who bought in the window before',
    needs: ['deal.won', 'deal.closed_at'],
  },
  churn: {
    name: 'Churn',
    numerator: 'members who bought in the window before and not in this one',
    denominator: 'members who bought in the window before',
    needs: ['deal.won', 'deal.closed_at'],
  },
  engagement: {
    name: 'Engagement',
    numerator: 'members who opened or clicked an e-mail in the window',
    denominator: 'members to whom e-mails were delivered',
    needs: ['emails_delivered', 'last_email_open_at'],
  },
  satisfaction: {
    name: 'Satisfaction (CSAT)',
    numerator: 'answers of 4 or 5',
    denominator: 'answers on a scale of 1 to 5',
    needs: ['csat_score'],
  },
} as const;
export type RateName = keyof typeof RATES;
export const RATE_NAMES = [
  'winRate',
  'conversion',
  'retention',
  'churn',
  'engagement',
  'satisfaction',
] as const;

export type RateMetric = {
  metric: RateName;
  name: string;
  numerator: string;
  denominator: string;
  /** Null under 10, as is all that follows from it. */
  successes: number | null;
  trials: number | null;
  /** Share with Wilson's 95 % interval. */
  rate: Rate | null;
  /** Under 30: no statement can be made. */
  tooFew: boolean;
  /** Attributes that it wants and that nothing feeds. */
  needs: string[];
};

export function rateMetric(
  metric: RateName,
  counts: { successes: number; trials: number },
  needs: string[],
): RateMetric {
  const { name, numerator, denominator } = RATES[metric];
  const isTold = needs.length === 0 && (counts.trials === 0 || counts.trials >= MIN_GROUP);
  return {
    metric,
    name,
    numerator,
    denominator,
    successes: isTold ? counts.successes : null,
    trials: isTold ? counts.trials : null,
    rate: isTold ? wilsonRate(counts.successes, counts.trials) : null,
    tooFew: counts.trials < TOO_FEW,
    needs,
  };
}

/** The median of values that occur `n` times each, in any order; null where there are none. */
export function medianOf(
  histogram: readonly { value: number; n: number }[],
): { median: number; n: number } | null {
  const sorted = [...histogram].sort((x, y) => x.value - y.value);
  const total = sorted.reduce((sum, { n }) => sum + n, 0);
  if (total === 0) return null;
  const at = (rank: number): number => {
    let below = 0;
    for (const { value, n } of sorted) {
      below += n;
      if (below > rank) return value;
    }
    return Number.NaN;
  };
  return { median: (at(Math.floor((total - 1) / 2)) + at(Math.floor(total / 2))) / 2, n: total };
}
