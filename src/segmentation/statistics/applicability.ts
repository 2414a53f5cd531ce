import { showShare } from '../../model/share-words.ts';
import { spendFrequencyTie } from './gamma-gamma.ts';
import { at, mean, median, standardDeviation } from './vectors.ts';

/** What the check looks at, per customer; times in days. */
export type BuyingPattern = {
  /** Repeat purchase days. */
  x: number;
  /** Days observed since the first purchase. */
  observedDays: number;
  /** Days from the first purchase to the last. */
  activeDays: number;
  /** Mean amount of the repeat purchases. */
  zbar: number;
  /** Variation of the gaps between purchases (sd / mean), null where there are under three. */
  gapVariation: number | null;
};

export type ApplicabilityReason = {
  code:
    | 'subscriptions'
    | 'one_off'
    | 'too_few_buyers'
    | 'short_history'
    | 'spend_tied_to_frequency'
    | 'same_amounts';
  message: string;
};

export type Applicability = {
  /** May P(alive) and expected purchases be used at all? */
  purchases: boolean;
  /** May expected spend, and with it lifetime value, be used? */
  spend: boolean;
  confidence: 'none' | 'low' | 'medium' | 'high';
  reasons: ApplicabilityReason[];
};

/** The marks of this check. They are our own rules of thumb, from the conditions in the papers; none is a law. */
export const APPLICABILITY = {
  /** Under this many repeat buyers the parameters are noise. */
  minRepeatBuyers: 30,
  mediumRepeatBuyers: 100,
  highRepeatBuyers: 500,
  /** Under this share of repeat buyers, purchases are one-off. */
  minRepeatShare: 0.02,
  /** Random buying varies its gaps by about 1; a monthly invoice by under .1. */
  regularGap: 0.25,
  regularShare: 0.5,
  /** History should span this many typical gaps between purchases. */
  minGapsOfHistory: 2,
  goodHistoryDays: 180,
} as const;

/** Says whether a purchase model fits this kind of business, how far to trust it, and why not. */
export function assessApplicability(customers: readonly BuyingPattern[]): Applicability {
  const repeaters = customers.filter((customer) => customer.x > 0);
  const blocking = [...tooFew(customers, repeaters), ...subscriptions(repeaters)];
  const purchases = blocking.length === 0;
  const history = shortHistory(customers, repeaters);
  const spending = spendProblems(repeaters);
  return {
    purchases,
    spend: purchases && spending.length === 0,
    confidence: purchases ? confidenceOf(customers, repeaters, history.length > 0) : 'none',
    reasons: [...blocking, ...history, ...spending],
  };
}

function tooFew(
  customers: readonly BuyingPattern[],
  repeaters: readonly BuyingPattern[],
): ApplicabilityReason[] {
  const share = customers.length === 0 ? 0 : repeaters.length / customers.length;
  if (customers.length >= APPLICABILITY.minRepeatBuyers && share < APPLICABILITY.minRepeatShare) {
    return [
      {
        code: 'one_off',
        message: `Only ${repeaters.length} of ${customers.length} customers bought again: these are one-off deals. Use tiers or a scorecard.`,
      },
    ];
  }
  if (repeaters.length < APPLICABILITY.minRepeatBuyers) {
    return [
      {
        code: 'too_few_buyers',
        message: `Only ${repeaters.length} customers bought again; at least ${APPLICABILITY.minRepeatBuyers} are needed. Use rules on recency and frequency until then.`,
      },
    ];
  }
  return [];
}

function subscriptions(repeaters: readonly BuyingPattern[]): ApplicabilityReason[] {
  const known = repeaters.flatMap((customer) =>
    customer.gapVariation === null ? [] : [customer.gapVariation],
  );
  const regular = known.filter((variation) => variation < APPLICABILITY.regularGap).length;
  if (!buysRegularly({ repeaters: repeaters.length, known: known.length, regular })) return [];
  return [
    {
      code: 'subscriptions',
      message: `${showShare(regular / known.length)} of customers buy at regular intervals, as with subscriptions. Use renewal segments instead (template renewals).`,
    },
  ];
}

/** Customers who bought again, those of them who show a rhythm, and those whose rhythm is regular. */
export type BuyingRhythm = { repeaters: number; known: number; regular: number };

/** Do most buy at regular intervals? Where nearly all are too new to show a rhythm, a handful proves nothing. */
export function buysRegularly({ repeaters, known, regular }: BuyingRhythm): boolean {
  if (known < 10 || known < repeaters / 10) return false;
  return regular / known >= APPLICABILITY.regularShare;
}

function shortHistory(
  customers: readonly BuyingPattern[],
  repeaters: readonly BuyingPattern[],
): ApplicabilityReason[] {
  if (repeaters.length === 0) return [];
  const gap = median(repeaters.map((customer) => customer.activeDays / customer.x));
  const span = customers.reduce((longest, customer) => Math.max(longest, customer.observedDays), 0);
  if (span >= APPLICABILITY.minGapsOfHistory * gap && span >= APPLICABILITY.goodHistoryDays) return [];
  return [
    {
      code: 'short_history',
      message: `History covers ${Math.round(span)} days with ${Math.round(gap)} days between purchases; ${APPLICABILITY.goodHistoryDays} days and ${APPLICABILITY.minGapsOfHistory} gaps are safer.`,
    },
  ];
}

function spendProblems(repeaters: readonly BuyingPattern[]): ApplicabilityReason[] {
  const amounts = repeaters.map((customer) => customer.zbar).filter((amount) => amount > 0);
  if (amounts.length >= 3 && standardDeviation(amounts) < 1e-9 * at(amounts, 0)) {
    return [
      {
        code: 'same_amounts',
        message: `Every customer spends ${mean(amounts).toFixed(2)} a purchase: there is nothing to learn about spend.`,
      },
    ];
  }
  const tie = spendFrequencyTie(repeaters.map((customer) => ({ x: customer.x, m: customer.zbar })));
  return tie.tied ? [{ code: 'spend_tied_to_frequency', message: tie.message }] : [];
}

function confidenceOf(
  customers: readonly BuyingPattern[],
  repeaters: readonly BuyingPattern[],
  isShort: boolean,
): 'low' | 'medium' | 'high' {
  if (isShort || repeaters.length < APPLICABILITY.mediumRepeatBuyers) return 'low';
  const grown =
    customers.length >= APPLICABILITY.highRepeatBuyers && repeaters.length >= APPLICABILITY.highRepeatBuyers;
  return grown ? 'high' : 'medium';
}
