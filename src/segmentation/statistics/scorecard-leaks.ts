/**
 * Attributes that usually are filled in because a case was won or lost, or on the way there. A model that sees them
 * looks perfect on the past and knows nothing of the future.
 */
const LEAKS: readonly { pattern: RegExp; why: string }[] = [
  { pattern: /stage|pipeline_status|lifecycle/i, why: 'the stage is the outcome' },
  { pattern: /close.?date|closed|won_at|lost_at/i, why: 'set when the case ended' },
  { pattern: /(lost|won|win|loss).?reason/i, why: 'written after the outcome' },
  { pattern: /(^|_)(amount|deal_value|arr|mrr|revenue_won)$/i, why: 'often set or corrected at the end' },
  { pattern: /owner/i, why: 'often reassigned after the win' },
  { pattern: /(^|_)(customer|is_customer|became_customer)/i, why: 'says who won' },
  { pattern: /meetings?_(count|booked|held)|num(ber)?_of_meetings/i, why: 'grows while a case is being won' },
  { pattern: /probability|forecast/i, why: "somebody's estimate of the outcome" },
];

export function isLeakSuspect(column: string): boolean {
  return LEAKS.some(({ pattern }) => pattern.test(column));
}
