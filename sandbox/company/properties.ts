import type { CrmSeed } from '../seed.ts';

/** The custom properties of the generated company, once for both CRMs. */

type Kind = 'text' | 'number' | 'date' | 'datetime' | 'bool' | 'select' | 'checkbox';
type Custom = readonly [name: string, label: string, kind: Kind, values?: readonly string[]];

export const CATEGORIES = ['books', 'electronics', 'fashion', 'garden', 'home', 'sports', 'toys'] as const;
export const NEEDS = ['price', 'quality', 'speed', 'service', 'sustainability'] as const;
export const PLANS = ['free', 'trial', 'basic', 'pro', 'enterprise'] as const;
export const ENGAGEMENT = ['low', 'medium', 'high'] as const;
export const INTERESTS = ['travel', 'food', 'music', 'fitness', 'technology', 'family', 'culture'] as const;
export const CHANNELS = ['email', 'phone', 'sms', 'post'] as const;

const CONTACT_PROPERTIES: readonly Custom[] = [
  ['last_cart_at', 'Last cart', 'datetime'],
  ['cart_value', 'Cart value', 'number'],
  ['newsletter_engagement', 'Newsletter engagement', 'select', ENGAGEMENT],
  ['favourite_category', 'Favourite category', 'select', CATEGORIES],
  ['needs', 'Needs (survey)', 'checkbox', NEEDS],
  ['interests', 'Interests', 'checkbox', INTERESTS],
  ['preferred_channel', 'Preferred channel', 'select', CHANNELS],
  ['loyalty_member', 'Loyalty member', 'bool'],
  ['nps_score', 'Recommendation score (0 to 10)', 'number'],
  ['plan', 'Plan', 'select', PLANS],
  ['trial_ends_at', 'Trial ends', 'date'],
  ['last_login_at', 'Last login', 'datetime'],
  ['monthly_active_days', 'Active days a month', 'number'],
  ['seats', 'Seats', 'number'],
  ['monthly_data_gb', 'Data a month (GB)', 'number'],
  ['streaming_hours', 'Streaming hours a month', 'number'],
  ['contract_ends_at', 'Contract ends', 'date'],
  ['age', 'Age', 'text'],
  ['household_income', 'Household income', 'number'],
  ['net_worth', 'Net worth', 'number'],
  ['retirement_savings', 'Retirement savings', 'number'],
  ['holds_investments', 'Holds investments', 'bool'],
  ['mortgage_interest', 'Interested in a mortgage', 'bool'],
  ['do_not_profile', 'Do not profile', 'bool'],
];

const COMPANY_PROPERTIES: readonly Custom[] = [
  ['technology_stack', 'Technology', 'checkbox', ['erp', 'crm', 'cloud', 'pos', 'bi']],
  ['customer_since', 'Customer since', 'date'],
];

/** Ids of the other CRM, as its own sync keeps them. */
const CROSS_REFERENCES = [
  ['contact', 'salesforcecontactid', 'Salesforce Contact ID'],
  ['company', 'salesforceaccountid', 'Salesforce Account ID'],
  ['deal', 'salesforce_opportunity_id', 'Salesforce Opportunity ID'],
] as const;

type Definition = CrmSeed['properties'][number];

const HUBSPOT_TYPES: Record<Kind, [type: string, fieldType: string]> = {
  text: ['string', 'text'],
  number: ['number', 'number'],
  date: ['date', 'date'],
  datetime: ['datetime', 'date'],
  bool: ['bool', 'booleancheckbox'],
  select: ['enumeration', 'select'],
  checkbox: ['enumeration', 'checkbox'],
};
const SALESFORCE_TYPES: Record<Kind, string> = {
  text: 'string',
  number: 'double',
  date: 'date',
  datetime: 'datetime',
  bool: 'boolean',
  select: 'picklist',
  checkbox: 'multipicklist',
};

const label = (value: string) => value.charAt(0).toUpperCase() + value.slice(1);
const options = (values: readonly string[]) => values.map((value) => ({ value, label: label(value) }));

/** last_cart_at in HubSpot is Last_Cart_At__c in Salesforce. */
export const salesforceName = (name: string): string =>
  NAMES.get(name) ?? `${name.split('_').map(label).join('_')}__c`;
const NAMES = new Map<string, string>();
for (const [name] of CONTACT_PROPERTIES) NAMES.set(name, salesforceName(name));

const hubspotProperty = (object: Definition['object'], [name, title, kind, values]: Custom): Definition => {
  const [type, fieldType] = HUBSPOT_TYPES[kind];
  return { object, name, label: title, type, fieldType, ...(values && { options: options(values) }) };
};
const salesforceProperty = (
  object: Definition['object'],
  [name, title, kind, values]: Custom,
): Definition => ({
  object,
  name: salesforceName(name),
  label: title,
  type: SALESFORCE_TYPES[kind],
  ...(values && { options: options(values) }),
});

export const HUBSPOT_PROPERTIES: Definition[] = [
  ...CONTACT_PROPERTIES.map((one) => hubspotProperty('contact', one)),
  ...COMPANY_PROPERTIES.map((one) => hubspotProperty('company', one)),
  ...CROSS_REFERENCES.map(
    ([object, name, title]): Definition => ({
      object,
      name,
      label: title,
      type: 'string',
      fieldType: 'text',
    }),
  ),
];

export const SALESFORCE_PROPERTIES: Definition[] = [
  // Salesforce keeps this consent on the Individual.
  ...CONTACT_PROPERTIES.filter(([name]) => name !== 'do_not_profile').flatMap((one) => [
    salesforceProperty('contact', one),
    salesforceProperty('lead', one),
  ]),
  ...COMPANY_PROPERTIES.map((one) => salesforceProperty('company', one)),
  ...(['contact', 'lead'] as const).map(
    (object): Definition => ({ object, name: 'Language__c', label: 'Language', type: 'string' }),
  ),
  ...(['contact', 'lead'] as const).map(
    (object): Definition => ({ object, name: 'Seniority__c', label: 'Seniority', type: 'string' }),
  ),
];
