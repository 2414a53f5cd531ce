import type { SalesforceExtras } from '../salesforce/load.ts';
import type { CrmSeed, SeedRow } from '../seed.ts';
import type { Dice } from './dice.ts';
import { soil } from './dirt.ts';
import { phone } from './hubspot-shape.ts';
import type { Organisation } from './organisations.ts';
import type { Person } from './people.ts';
import { salesforceName } from './properties.ts';
import { type Deal, RATES } from './purchases.ts';
import type { Traits } from './traits.ts';

/** The same company as a Salesforce org holds it. */

type Properties = SeedRow['properties'];

const iso = (ms: number) => new Date(ms).toISOString();
const day = (ms: number) => iso(ms).slice(0, 10);

const STAGES = [
  { id: 'prospecting', label: 'Prospecting', isWon: false, isClosed: false },
  { id: 'proposal', label: 'Proposal/Price Quote', isWon: false, isClosed: false },
  { id: 'won', label: 'Closed Won', isWon: true, isClosed: true },
  { id: 'lost', label: 'Closed Lost', isWon: false, isClosed: true },
];
export const SALESFORCE_PIPELINES: CrmSeed['pipelines'] = [
  { id: '1', label: 'New business', stages: STAGES },
  { id: '2', label: 'Online orders', stages: STAGES },
  { id: '3', label: 'Renewals', stages: STAGES },
];
const RECORD_TYPES: Record<Deal['kind'], string> = { sale: '1', order: '2', renewal: '3' };
const STAGE_NAMES: Record<Deal['state'], string> = {
  won: 'Closed Won',
  lost: 'Closed Lost',
  open: 'Proposal/Price Quote',
};
const SOURCES = ['Web', 'Phone Inquiry', 'Partner Referral', 'Purchased List', 'Trade Show', 'Other'];
const FIELDS = {
  email: 'Email',
  first: 'FirstName',
  title: 'Title',
  city: 'MailingCity',
  age: 'Age__c',
  birth: null,
};
const MAX_TITLE = 128;

/** Salesforce counts units of a currency for one of the corporate one. */
export const CURRENCIES: SalesforceExtras['currencies'] = (['USD', 'EUR', 'GBP'] as const).map((isoCode) => ({
  isoCode,
  corporate: isoCode === 'USD',
  rates:
    isoCode === 'USD'
      ? [{ from: '2015-01-01', rate: 1 }]
      : Object.entries(RATES[isoCode]).map(([year, rate]) => ({
          from: `${year}-01-01`,
          rate: Number((1 / rate).toFixed(6)),
        })),
}));

export const salesforceAccountRef = (organisation: Organisation) => String(organisation.n + 1);

function personal(dice: Dice, person: Person, traits: Traits): Properties {
  const properties: Properties = {
    FirstName: person.first,
    LastName: person.last,
    Email: person.email,
    Title: person.title,
    LeadSource: dice.chance(0.7) ? dice.pick(SOURCES) : null,
    Seniority__c: person.seniority,
    Language__c: dice.chance(0.5) ? person.country.language : null,
    HasOptedOutOfEmail: person.optedOut || null,
  };
  if (dice.chance(0.4)) properties.Phone = phone(dice);
  for (const [name, value] of Object.entries(traits))
    if (name !== 'do_not_profile') properties[salesforceName(name)] = value;
  if (person.noProfiling) properties['Individual.HasOptedOutProfiling'] = true;
  return properties;
}

export function salesforceContact(
  dice: Dice,
  ref: string,
  person: Person,
  traits: Traits,
  email: string | null,
  ownerRef: string,
  updatedAt: number,
): SeedRow {
  const properties: Properties = {
    ...personal(dice, person, traits),
    Email:
      dice.chance(0.05) && email
        ? dice.pick([
            email.toUpperCase(),
            ` ${email}`,
            `${email} `,
            email.charAt(0).toUpperCase() + email.slice(1),
          ])
        : email,
    MailingCountry: dice.chance(0.1) ? null : person.country.name,
    MailingState: person.state,
    MailingCity: person.city,
    OwnerId: ownerRef,
  };
  if (person.birth) properties.Birthdate = person.birth;
  soil(dice, properties, FIELDS);
  if (typeof properties.Title === 'string') properties.Title = properties.Title.slice(0, MAX_TITLE);
  const { organisation } = person;
  if (!organisation && dice.chance(0.02)) properties.IsPersonAccount = true;
  const links: SeedRow['links'] = organisation
    ? [{ to: 'company', ref: salesforceAccountRef(organisation), primary: true }]
    : undefined;
  return {
    ref,
    properties,
    createdAt: iso(person.createdAt),
    updatedAt: iso(updatedAt),
    ...(links && { links }),
  };
}

export function salesforceLead(
  dice: Dice,
  ref: string,
  person: Person,
  traits: Traits,
  ownerRef: string,
  updatedAt: number,
): SeedRow {
  const properties: Properties = {
    ...personal(dice, person, traits),
    Company: person.organisation?.name ?? '[not provided]',
    Country: person.country.name,
    State: person.state,
    City: person.city,
    Industry: person.organisation?.industry[1] ?? null,
    Status: dice.pick(['Open - Not Contacted', 'Working - Contacted', 'Closed - Not Converted']),
    OwnerId: ownerRef,
  };
  if (person.salesforceRef) {
    properties.IsConverted = true;
    properties.Status = 'Closed - Converted';
    properties.ConvertedContactId = person.salesforceRef;
    properties.ConvertedDate = day(updatedAt);
    if (person.organisation) properties.ConvertedAccountId = salesforceAccountRef(person.organisation);
  }
  return { ref, properties, createdAt: iso(person.createdAt), updatedAt: iso(updatedAt) };
}

export function salesforceAccount(
  dice: Dice,
  one: Organisation,
  parent: Organisation | null,
  ownerRef: string,
  updatedAt: number,
): SeedRow {
  const properties: Properties = {
    Name: one.name,
    Website: dice.chance(0.1) ? null : `https://www.${one.domain}`,
    Industry: dice.chance(0.1) ? null : one.industry[1],
    NumberOfEmployees: dice.chance(0.15) ? null : one.employees,
    AnnualRevenue: dice.chance(0.3) ? null : one.revenue,
    Type: dice.pick(['Prospect', 'Customer - Direct', 'Customer - Direct', 'Partner']),
    BillingCountry: one.country.name,
    BillingState: one.state,
    BillingCity: one.city,
    ParentId: parent ? salesforceAccountRef(parent) : null,
    Technology_Stack__c: dice.chance(0.4)
      ? dice.some(['erp', 'crm', 'cloud', 'pos', 'bi'], 0.4).join(';')
      : null,
    OwnerId: ownerRef,
  };
  return {
    ref: salesforceAccountRef(one),
    properties,
    createdAt: iso(one.createdAt),
    updatedAt: iso(updatedAt),
  };
}

export function salesforceOpportunity(
  deal: Deal,
  ownerRef: string,
  updatedAt: number,
  links: SeedRow['links'],
): SeedRow {
  const properties: Properties = {
    Name: deal.name.slice(0, 120),
    Amount: deal.amount,
    CurrencyIsoCode: deal.currency,
    StageName: STAGE_NAMES[deal.state],
    CloseDate: day(deal.closedAt),
    RecordTypeId: RECORD_TYPES[deal.kind],
    Type: deal.kind === 'renewal' ? 'Renewal' : deal.isRepeat ? 'Existing Business' : 'New Business',
    OwnerId: ownerRef,
  };
  return {
    ref: String(deal.n + 1),
    properties,
    createdAt: iso(deal.createdAt),
    updatedAt: iso(updatedAt),
    ...(links && { links }),
  };
}
