import type { Dice } from './dice.ts';
import { COUNTRIES, type Country, MAIL_PROVIDERS, TITLES } from './names.ts';
import { anyCountry, type Organisation } from './organisations.ts';

/** How somebody buys. */
export type Habit = 'never' | 'once' | 'regular' | 'loyal' | 'lapsed';

export type Person = {
  n: number;
  first: string;
  last: string;
  /** Normalised; null if nobody knows it. */
  email: string | null;
  country: Country;
  city: string;
  state: string;
  organisation: Organisation | null;
  title: string | null;
  seniority: string | null;
  /** A day, 'YYYY-MM-DD'. */
  birth: string | null;
  age: number;
  createdAt: number;
  habit: Habit;
  /** 0 to 1: how much they open, click and visit. */
  warmth: number;
  optedOut: boolean;
  noProfiling: boolean;
  /** Their record in each CRM, if they have one. */
  hubspotRef: string | null;
  salesforceRef: string | null;
  /** The CRM that sells to them. */
  home: 'hubspot' | 'salesforce';
};

const HABITS: readonly (readonly [Habit, number])[] = [
  ['never', 34],
  ['once', 27],
  ['regular', 18],
  ['loyal', 8],
  ['lapsed', 13],
];
const TITLE_WEIGHTS = TITLES.map((one) => [one, one[2]] as const);
const YEAR_MS = 365.25 * 86_400_000;

const plain = (text: string) =>
  text
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .replaceAll('ß', 'ss')
    .replaceAll('ı', 'i')
    .toLowerCase()
    .replace(/[^a-z]/g, '');

/** Names are few, so their plain forms are worked out once. */
const PLAIN = new Map(
  COUNTRIES.flatMap(({ first, last }) => [...first, ...last]).map((name) => [name, plain(name)]),
);

export function person(
  dice: Dice,
  n: number,
  organisation: Organisation | null,
  from: number,
  asOf: number,
): Person {
  const country = organisation?.country ?? anyCountry(dice);
  const [city, state] = dice.pick(country.places);
  const first = dice.pick(country.first);
  const last = dice.pick(country.last);
  const [title, seniority] = organisation ? dice.weighted(TITLE_WEIGHTS) : [null, null];
  const age = Math.min(95, Math.max(16, Math.round(dice.logNormal(41, 0.35))));
  const local = `${PLAIN.get(first) ?? 'x'}.${PLAIN.get(last) ?? 'x'}`;
  const domain = organisation?.domain ?? dice.pick(MAIL_PROVIDERS);
  // Newer people are more: business grows.
  const createdAt = from + Math.sqrt(dice.next()) * (asOf - from);
  return {
    n,
    first,
    last,
    email: dice.chance(0.04) ? null : `${local}${n}@${domain}`,
    country,
    city,
    state,
    organisation,
    title,
    seniority,
    birth: dice.chance(0.35)
      ? new Date(asOf - (age + dice.next()) * YEAR_MS).toISOString().slice(0, 10)
      : null,
    age,
    createdAt,
    habit: dice.weighted(HABITS),
    warmth: dice.next() ** 1.5,
    optedOut: dice.chance(0.04),
    noProfiling: dice.chance(0.008),
    hubspotRef: null,
    salesforceRef: null,
    home: 'hubspot',
  };
}
