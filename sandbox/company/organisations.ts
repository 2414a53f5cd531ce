import type { Dice } from './dice.ts';
import { COMPANY_ENDINGS, COMPANY_KINDS, COMPANY_WORDS, COUNTRIES, type Country } from './names.ts';

export type Organisation = {
  n: number;
  name: string;
  domain: string;
  country: Country;
  city: string;
  state: string;
  /** HubSpot's name and Salesforce's name of the industry. */
  industry: readonly [hubspot: string, salesforce: string];
  employees: number;
  revenue: number;
  parent: number | null;
  createdAt: number;
};

const INDUSTRIES: readonly (readonly [string, string])[] = [
  ['COMPUTER_SOFTWARE', 'Technology'],
  ['RETAIL', 'Retail'],
  ['BANKING', 'Banking'],
  ['HOSPITAL_HEALTH_CARE', 'Healthcare'],
  ['MANAGEMENT_CONSULTING', 'Consulting'],
  ['MACHINERY', 'Manufacturing'],
  ['TELECOMMUNICATIONS', 'Telecommunications'],
  ['INSURANCE', 'Insurance'],
  ['LOGISTICS_AND_SUPPLY_CHAIN', 'Transportation'],
  ['MEDIA_PRODUCTION', 'Media'],
];

const COUNTRY_WEIGHTS = COUNTRIES.map((country) => [country, country.weight] as const);
export const anyCountry = (dice: Dice): Country => dice.weighted(COUNTRY_WEIGHTS);

export function organisation(dice: Dice, n: number, from: number, until: number): Organisation {
  const country = anyCountry(dice);
  const [city, state] = dice.pick(country.places);
  const word = dice.pick(COMPANY_WORDS);
  const kind = dice.pick(COMPANY_KINDS);
  const number = n < COMPANY_WORDS.length ? '' : ` ${n}`;
  const employees = Math.max(1, Math.round(dice.logNormal(80, 1.5)));
  return {
    n,
    name: `${word} ${kind}${number} ${dice.pick(COMPANY_ENDINGS[country.code] ?? ['Ltd'])}`,
    domain: `${word}-${kind}-${n}.example`.toLowerCase(),
    country,
    city,
    state,
    industry: dice.pick(INDUSTRIES),
    employees,
    revenue: Math.round(employees * dice.logNormal(150_000, 0.5)),
    parent: n > 5 && dice.chance(0.08) ? dice.int(0, n - 1) : null,
    createdAt: from + dice.next() * (until - from),
  };
}
