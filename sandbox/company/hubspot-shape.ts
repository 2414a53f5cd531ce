import { salesforceId } from '../salesforce/ids.ts';
import type { CrmSeed, SeedRow } from '../seed.ts';
import type { Dice } from './dice.ts';
import { soil } from './dirt.ts';
import type { Organisation } from './organisations.ts';
import type { Person } from './people.ts';
import { cents, type Deal } from './purchases.ts';
import type { Traits } from './traits.ts';

/** The company as a HubSpot portal holds it. */

type Properties = SeedRow['properties'];

const DAY_MS = 86_400_000;
const iso = (ms: number) => new Date(ms).toISOString();

export const HUBSPOT_PIPELINES: CrmSeed['pipelines'] = [
  {
    id: 'default',
    label: 'Sales pipeline',
    stages: [
      { id: 'appointmentscheduled', label: 'Appointment scheduled', isWon: false, isClosed: false },
      { id: 'qualifiedtobuy', label: 'Qualified to buy', isWon: false, isClosed: false },
      { id: 'contractsent', label: 'Contract sent', isWon: false, isClosed: false },
      { id: 'closedwon', label: 'Closed won', isWon: true, isClosed: true },
      { id: 'closedlost', label: 'Closed lost', isWon: false, isClosed: true },
    ],
  },
  {
    id: '75e28846',
    label: 'Online shop',
    stages: [
      { id: '9001001', label: 'Checkout pending', isWon: false, isClosed: false },
      { id: '9001002', label: 'Shipped', isWon: true, isClosed: true },
      { id: '9001003', label: 'Cancelled', isWon: false, isClosed: true },
    ],
  },
  {
    id: '80412233',
    label: 'Renewals',
    stages: [
      { id: '9002001', label: 'Due', isWon: false, isClosed: false },
      { id: '9002002', label: 'Renewed', isWon: true, isClosed: true },
      { id: '9002003', label: 'Not renewed', isWon: false, isClosed: true },
    ],
  },
];
const STAGES: Record<Deal['kind'], { pipeline: string } & Record<Deal['state'], string>> = {
  sale: { pipeline: 'default', open: 'qualifiedtobuy', won: 'closedwon', lost: 'closedlost' },
  order: { pipeline: '75e28846', open: '9001001', won: '9001002', lost: '9001003' },
  renewal: { pipeline: '80412233', open: '9002001', won: '9002002', lost: '9002003' },
};
const SOURCES = [
  'ORGANIC_SEARCH',
  'PAID_SEARCH',
  'EMAIL_MARKETING',
  'SOCIAL_MEDIA',
  'REFERRALS',
  'DIRECT_TRAFFIC',
  'OFFLINE',
];
const LEAD_STATUS = [
  'NEW',
  'OPEN',
  'IN_PROGRESS',
  'UNQUALIFIED',
  'ATTEMPTED_TO_CONTACT',
  'CONNECTED',
  'BAD_TIMING',
];
const FIELDS = {
  email: 'email',
  first: 'firstname',
  title: 'jobtitle',
  city: 'city',
  age: 'age',
  birth: 'date_of_birth',
};

export const hubspotCompanyRef = (organisation: Organisation) => String(7_000_001 + organisation.n);

export function hubspotContact(
  dice: Dice,
  ref: string,
  person: Person,
  traits: Traits,
  deals: Deal[],
  ownerRef: string,
  updatedAt: number,
  asOf: number,
): SeedRow {
  const properties: Properties = {
    email: person.email,
    firstname: person.first,
    lastname: person.last,
    lifecyclestage: lifecycle(dice, deals),
    country: dice.chance(0.08) ? null : dice.chance(0.2) ? person.country.code : person.country.name,
    city: person.city,
    state: person.state,
    hs_language: dice.chance(0.6) ? person.country.language : null,
    hs_timezone: dice.chance(0.5) ? person.country.timeZone : null,
    hubspot_owner_id: dice.chance(0.7) ? ownerRef : null,
    hs_analytics_source: dice.pick(SOURCES),
    // Empty until somebody opts out, as in every portal.
    hs_email_optout: person.optedOut ? 'true' : dice.chance(0.005) ? 'false' : null,
  };
  if (person.title) {
    properties.jobtitle = person.title;
    properties.seniority = person.seniority;
    properties.company = person.organisation?.name ?? null;
    if (dice.chance(0.5)) properties.hs_lead_status = dice.pick(LEAD_STATUS);
  }
  if (person.birth) properties.date_of_birth = person.birth;
  if (dice.chance(0.4)) properties.phone = phone(dice);
  analytics(dice, properties, person, asOf);
  totals(properties, deals);
  Object.assign(properties, traits);
  if (person.salesforceRef && dice.chance(0.7))
    properties.salesforcecontactid = salesforceId('003', Number(person.salesforceRef));
  if (person.email && dice.chance(0.02)) properties.email = person.email.toUpperCase();
  soil(dice, properties, FIELDS);
  const { organisation } = person;
  const links: SeedRow['links'] = organisation
    ? [{ to: 'company', ref: hubspotCompanyRef(organisation), primary: true }]
    : undefined;
  return {
    ref,
    properties,
    createdAt: iso(person.createdAt),
    updatedAt: iso(updatedAt),
    ...(links && { links }),
  };
}

export const phone = (dice: Dice) => `+1 555 ${dice.int(100, 999)} ${dice.int(1000, 9999)}`;

function lifecycle(dice: Dice, deals: Deal[]): string | null {
  if (dice.chance(0.05)) return null;
  if (deals.some((deal) => deal.state === 'won')) return dice.chance(0.03) ? 'evangelist' : 'customer';
  if (deals.some((deal) => deal.state === 'open')) return 'opportunity';
  return dice.weighted([
    ['subscriber', 40],
    ['lead', 35],
    ['marketingqualifiedlead', 15],
    ['salesqualifiedlead', 8],
    ['other', 2],
  ]);
}

function analytics(dice: Dice, properties: Properties, person: Person, asOf: number): void {
  const { warmth } = person;
  if (dice.chance(0.75)) {
    const visits = Math.round(dice.exponential(2 + 20 * warmth));
    const seen = Math.max(person.createdAt, asOf - dice.exponential(90 - 80 * warmth) * DAY_MS);
    properties.hs_analytics_num_visits = visits;
    properties.hs_analytics_num_page_views = visits * dice.int(1, 6);
    properties.hs_analytics_num_event_completions = Math.floor(visits / 4);
    if (visits > 0) properties.hs_analytics_last_visit_timestamp = iso(seen);
    if (visits > 0) properties.hs_analytics_last_timestamp = iso(seen);
  }
  if (person.email && dice.chance(0.8)) {
    const delivered = dice.int(0, 60);
    const opened = Math.round(delivered * warmth);
    properties.hs_email_delivered = delivered;
    properties.hs_email_open = opened;
    properties.hs_email_click = Math.round(opened * 0.25 * dice.next());
    properties.hs_email_bounce = dice.chance(0.03) ? 1 : 0;
    properties.hs_email_sends_since_last_engagement = opened ? dice.int(0, 8) : delivered;
    if (opened)
      properties.hs_email_last_open_date = iso(
        Math.max(person.createdAt, asOf - dice.exponential(40) * DAY_MS),
      );
  }
  if (dice.chance(0.3)) properties.num_conversion_events = dice.int(0, 4);
  if (dice.chance(0.35)) {
    properties.num_contacted_notes = dice.int(0, 12);
    properties.notes_last_contacted = iso(Math.max(person.createdAt, asOf - dice.exponential(60) * DAY_MS));
  }
  if (dice.chance(0.5)) properties.hubspotscore = Math.round(100 * warmth * dice.next());
}

function totals(properties: Properties, deals: Deal[]): void {
  const won = deals.filter((deal) => deal.state === 'won');
  const last = won.at(-1);
  if (deals.length) properties.num_associated_deals = deals.length;
  if (!last) return;
  properties.total_revenue = cents(won.reduce((sum, deal) => sum + (deal.amount ?? 0) * deal.rate, 0));
  properties.recent_deal_amount = last.amount;
  properties.recent_deal_close_date = iso(last.closedAt);
  properties.first_deal_created_date = iso(won[0]?.createdAt ?? last.createdAt);
}

export function hubspotCompany(
  dice: Dice,
  one: Organisation,
  parent: Organisation | null,
  inSalesforce: boolean,
  ownerRef: string,
  updatedAt: number,
): SeedRow {
  const properties: Properties = {
    name: one.name,
    domain: dice.chance(0.06) ? null : one.domain,
    industry: dice.chance(0.1) ? null : one.industry[0],
    numberofemployees: dice.chance(0.12) ? null : one.employees,
    annualrevenue: dice.chance(0.25) ? null : one.revenue,
    country: one.country.name,
    city: one.city,
    state: one.state,
    hubspot_owner_id: ownerRef,
    lifecyclestage: dice.pick(['lead', 'opportunity', 'customer']),
    hs_is_target_account: dice.chance(0.1) ? 'true' : null,
    technology_stack: dice.chance(0.4)
      ? dice.some(['erp', 'crm', 'cloud', 'pos', 'bi'], 0.4).join(';')
      : null,
    salesforceaccountid: inSalesforce && dice.chance(0.7) ? salesforceId('001', one.n + 1) : null,
  };
  const links: SeedRow['links'] = parent ? [{ to: 'company', ref: hubspotCompanyRef(parent) }] : undefined;
  return {
    ref: hubspotCompanyRef(one),
    properties,
    createdAt: iso(one.createdAt),
    updatedAt: iso(updatedAt),
    ...(links && { links }),
  };
}

export function hubspotDeal(
  dice: Dice,
  deal: Deal,
  ownerRef: string,
  updatedAt: number,
  mirroredAs: string | null,
  links: SeedRow['links'],
): SeedRow {
  const stage = STAGES[deal.kind];
  const isForeign = deal.currency !== 'USD';
  // A few foreign deals never got a rate.
  const rate = isForeign && dice.chance(0.01) ? null : deal.rate;
  const properties: Properties = {
    dealname: deal.name,
    amount: deal.amount,
    deal_currency_code: isForeign || dice.chance(0.5) ? deal.currency : null,
    hs_exchange_rate: isForeign ? rate : null,
    amount_in_home_currency: deal.amount === null || rate === null ? null : cents(deal.amount * rate),
    pipeline: stage.pipeline,
    dealstage: stage[deal.state],
    dealtype: deal.isRepeat ? 'existingbusiness' : 'newbusiness',
    closedate: iso(deal.closedAt),
    hubspot_owner_id: ownerRef,
    salesforce_opportunity_id: mirroredAs,
  };
  return {
    ref: String(50_000_001 + deal.n),
    properties,
    createdAt: iso(deal.createdAt),
    updatedAt: iso(updatedAt),
    ...(links && { links }),
  };
}
