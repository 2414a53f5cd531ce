import type { Dice } from './dice.ts';
import type { Person } from './people.ts';
import { CATEGORIES, CHANNELS, ENGAGEMENT, INTERESTS, NEEDS, PLANS } from './properties.ts';
import { cents } from './purchases.ts';

/** The custom attributes of one person: what shops, software firms, banks and telephone companies know. */

export type Traits = Record<string, string | number | boolean>;

const DAY_MS = 86_400_000;
const iso = (ms: number) => new Date(ms).toISOString();
const day = (ms: number) => iso(ms).slice(0, 10);

export function traitsOf(dice: Dice, person: Person, asOf: number): Traits {
  const traits: Traits = {};
  const recently = (meanDays: number) =>
    Math.max(person.createdAt, asOf - dice.exponential(meanDays) * DAY_MS);
  const isActive = person.habit === 'loyal' || person.habit === 'regular';

  if (dice.chance(0.45)) {
    traits.last_cart_at = iso(recently(isActive ? 20 : 120));
    if (dice.chance(0.7)) traits.cart_value = cents(dice.logNormal(70, 0.7));
  }
  if (dice.chance(0.7))
    traits.newsletter_engagement = ENGAGEMENT[Math.min(2, Math.floor(person.warmth * 3.4))] ?? 'low';
  if (dice.chance(0.55)) traits.favourite_category = dice.pick(CATEGORIES);
  if (dice.chance(0.3)) traits.needs = dice.some(NEEDS, 0.35).join(';');
  if (dice.chance(0.25)) traits.interests = dice.some(INTERESTS, 0.3).join(';');
  if (dice.chance(0.5)) traits.preferred_channel = dice.pick(CHANNELS);
  if (dice.chance(person.habit === 'loyal' ? 0.7 : 0.1)) traits.loyalty_member = true;
  if (dice.chance(0.2))
    traits.nps_score = Math.min(10, Math.max(0, Math.round(6 + person.warmth * 4 + dice.normal() * 2)));
  if (person.noProfiling) traits.do_not_profile = true;

  if (dice.chance(person.organisation ? 0.45 : 0.2)) software(dice, traits, isActive, recently, asOf);
  if (dice.chance(0.3)) telephone(dice, traits, person.age, asOf);
  if (dice.chance(0.5)) traits.age = String(person.age);
  if (dice.chance(0.25)) money(dice, traits, person.age);
  return traits;
}

function software(
  dice: Dice,
  traits: Traits,
  isActive: boolean,
  recently: (meanDays: number) => number,
  asOf: number,
): void {
  const plan = dice.pick(isActive ? PLANS.slice(2) : PLANS);
  traits.plan = plan;
  if (plan === 'trial') traits.trial_ends_at = day(asOf + dice.int(-20, 14) * DAY_MS);
  if (dice.chance(0.85)) traits.last_login_at = iso(recently(isActive ? 6 : 60));
  traits.monthly_active_days = isActive ? dice.int(6, 28) : dice.int(0, 8);
  if (plan !== 'free' && plan !== 'trial') traits.seats = Math.max(1, Math.round(dice.logNormal(6, 1)));
}

function telephone(dice: Dice, traits: Traits, age: number, asOf: number): void {
  traits.monthly_data_gb = cents(dice.logNormal(age < 30 ? 22 : 8, 0.8));
  traits.streaming_hours = cents(dice.logNormal(age < 30 ? 30 : 9, 0.7));
  traits.contract_ends_at = day(asOf + dice.int(-60, 700) * DAY_MS);
}

function money(dice: Dice, traits: Traits, age: number): void {
  const income = Math.round(dice.logNormal(62_000, 0.55) / 100) * 100;
  traits.household_income = income;
  traits.net_worth = Math.round((income * Math.max(0, age - 22) * dice.logNormal(0.18, 0.7)) / 100) * 100;
  if (dice.chance(0.5))
    traits.retirement_savings = Math.round((income * Math.max(0, age - 25) * 0.06) / 100) * 100;
  if (dice.chance(0.3)) traits.holds_investments = true;
  if (age > 24 && age < 50 && dice.chance(0.25)) traits.mortgage_interest = true;
}
