import { showShare } from '../model/share-words.ts';
import type { Metrics, SegmentMetrics } from '../pipeline/review/metrics.ts';
import { RATE_NAMES, RATES, type RateMetric } from '../review/metrics.ts';
import type { PlayReturn } from '../review/play-return.ts';
import pc from './colours.ts';
import { count, money, table } from './output.ts';

/** Lines for people: money, then each rate with its interval, then what the rates mean. */
export function describeMetrics(
  { name, segmentation, from, to, segments, everybody }: Metrics,
  currency: string,
): string[] {
  const all = [...segments, everybody];
  const amount = (value: number | null): string => (value === null ? '' : money(value, currency));
  const rows = all.map(({ members, revenue, revenuePerMember, averageDeal, cycleDays, play, ...one }) => [
    one.name,
    count(members),
    amount(revenue),
    amount(revenuePerMember),
    averageDeal === null ? 'too few' : amount(averageDeal.value),
    cycleDays === null ? 'too few' : `${Math.round(cycleDays.value)} days`,
    play === null ? '' : amount(play.cost),
    play === null ? '' : describeReturn(play),
  ]);
  const head = ['segment', 'members', 'revenue', 'a member', 'average deal', 'cycle', 'play costs', 'return'];
  return [
    pc.bold(`${name} (${segmentation}), ${day(from)} to ${day(to)}, members as they are now`),
    '',
    table(head, rows),
    '',
    table(
      ['segment', ...RATE_NAMES.map((metric) => RATES[metric].name)],
      all.map((one) => [one.name, ...ratesOf(one)]),
    ),
    '',
    ...RATE_NAMES.map((metric) => {
      const { name: title, numerator, denominator } = RATES[metric];
      return pc.dim(`  ${title}: ${numerator}, of ${denominator}`);
    }),
    pc.dim(
      '  Return, with its 95% interval. Holdout: what those with the play spent more than those left out of it. Last touch: purchases after entering the segment, not all of them the play’s doing.',
    ),
    '',
  ];
}

function describeReturn({ attribution, windowDays, tooFew, ...play }: PlayReturn): string {
  const how = attribution === 'holdout' ? 'holdout' : `last touch, ${windowDays} days`;
  if (tooFew || play.return === null) return tooFew ? `too few (${play.customers})` : '';
  const { value, low, high } = play.return;
  return `${value.toFixed(1)} x (${low.toFixed(1)} to ${high.toFixed(1)}; ${how})`;
}

const ratesOf = ({ rates }: SegmentMetrics): string[] =>
  RATE_NAMES.map((metric) => describeRate(rates.find((rate) => rate.metric === metric)));

function describeRate(metric: RateMetric | undefined): string {
  if (metric === undefined) return '';
  if (metric.needs.length > 0) return `needs ${metric.needs.join(', ')}`;
  if (metric.rate === null || metric.tooFew)
    return metric.trials === null ? 'too few' : `too few (${metric.trials})`;
  const { value, low, high } = metric.rate;
  return `${showShare(value)} (${showShare(low)} to ${showShare(high)}) of ${count(metric.trials ?? 0)}`;
}

const day = (at: Date): string => at.toISOString().slice(0, 10);
