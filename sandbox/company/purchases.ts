import type { Dice } from './dice.ts';
import type { Habit, Person } from './people.ts';

/** Deals as they happened, before any CRM wrote them down. */

export type Deal = {
  n: number;
  name: string;
  kind: 'order' | 'sale' | 'renewal';
  state: 'won' | 'lost' | 'open';
  amount: number | null;
  currency: 'USD' | 'EUR' | 'GBP';
  /** USD for one unit. */
  rate: number;
  createdAt: number;
  closedAt: number;
  buyer: Person | null;
  others: Person[];
  hasPrimary: boolean;
  organisation: Person['organisation'];
  isRepeat: boolean;
};

const DAY_MS = 86_400_000;

/** Mean days between purchases, how many at most, and how long ago a lapsed customer stopped. */
const PACE: Record<Habit, { meanDays: number; most: number }> = {
  never: { meanDays: 0, most: 0 },
  once: { meanDays: 120, most: 1 },
  regular: { meanDays: 160, most: 8 },
  loyal: { meanDays: 55, most: 24 },
  lapsed: { meanDays: 90, most: 6 },
};

/** USD for one unit, by year. */
export const RATES: Record<'USD' | 'EUR' | 'GBP', Record<number, number>> = {
  USD: {},
  EUR: { 2022: 1.05, 2023: 1.08, 2024: 1.08, 2025: 1.13, 2026: 1.1 },
  GBP: { 2022: 1.24, 2023: 1.24, 2024: 1.28, 2025: 1.32, 2026: 1.3 },
};
function rateOf(currency: keyof typeof RATES, at: number): number {
  if (currency === 'USD') return 1;
  const years = RATES[currency];
  const year = Math.min(2026, Math.max(2022, new Date(at).getUTCFullYear()));
  return years[year] ?? 1;
}

export const cents = (amount: number) => Math.round(amount * 100) / 100;

/** What one person bought, or is about to. */
export function dealsOf(dice: Dice, buyer: Person, asOf: number, next: () => number): Deal[] {
  const { meanDays, most } = PACE[buyer.habit];
  const deals: Deal[] = [];
  const isBusiness = buyer.organisation !== null;
  const typical = isBusiness ? dice.logNormal(2400, 0.8) : dice.logNormal(65, 0.6);
  const stop = buyer.habit === 'lapsed' ? asOf - dice.int(250, 700) * DAY_MS : asOf;
  let at = buyer.createdAt;
  for (let count = 0; count < most; count++) {
    at += dice.exponential(count === 0 ? 12 : meanDays) * DAY_MS;
    if (at > stop) break;
    deals.push(deal(dice, next(), buyer, at, 'won', typical, count > 0));
  }
  if (isBusiness && dice.chance(0.16))
    deals.push(
      deal(
        dice,
        next(),
        buyer,
        buyer.createdAt + dice.next() * (asOf - buyer.createdAt),
        'lost',
        typical,
        false,
      ),
    );
  if (isBusiness && dice.chance(0.1))
    deals.push(
      deal(dice, next(), buyer, asOf - dice.next() * 60 * DAY_MS, 'open', typical, deals.length > 0),
    );
  return deals;
}

function deal(
  dice: Dice,
  n: number,
  buyer: Person,
  closedAt: number,
  state: Deal['state'],
  typical: number,
  isRepeat: boolean,
): Deal {
  const { organisation } = buyer;
  const kind = organisation === null ? 'order' : isRepeat && dice.chance(0.35) ? 'renewal' : 'sale';
  const currency = dice.chance(0.9) ? buyer.country.currency : 'USD';
  const amount = dice.chance(0.012) ? null : cents(dice.logNormal(typical, 0.4));
  const days = kind === 'order' ? 0 : Math.ceil(dice.exponential(25));
  // An open deal is expected to close some weeks after it was last touched.
  const close = state === 'open' ? closedAt + dice.int(20, 120) * DAY_MS : closedAt;
  return {
    n,
    name: organisation ? `${organisation.name} ${kind} ${n}` : `Order ${100_000 + n}`,
    kind,
    state,
    amount,
    currency,
    rate: rateOf(currency, closedAt),
    createdAt: Math.max(buyer.createdAt, closedAt - days * DAY_MS),
    closedAt: close,
    buyer,
    others: [],
    hasPrimary: true,
    organisation,
    isRepeat,
  };
}
