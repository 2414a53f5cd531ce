import { type Definition, define, options } from './definitions.ts';
import type { ObjectType } from './object-types.ts';

/** The properties that every portal has and that segmentation may want: name -> [label, kind], `!` for read-only. */
type Kind = 'text' | 'number' | 'date' | 'datetime' | 'bool' | 'select' | 'checkbox';
type Row = [name: string, label: string, kind: Kind | `${Kind}!`, values?: string[]];

const LIFECYCLE = [
  'subscriber',
  'lead',
  'marketingqualifiedlead',
  'salesqualifiedlead',
  'opportunity',
  'customer',
  'evangelist',
  'other',
];
const LEAD_STATUS = [
  'NEW',
  'OPEN',
  'IN_PROGRESS',
  'OPEN_DEAL',
  'UNQUALIFIED',
  'ATTEMPTED_TO_CONTACT',
  'CONNECTED',
  'BAD_TIMING',
];
const SOURCES = [
  'ORGANIC_SEARCH',
  'PAID_SEARCH',
  'EMAIL_MARKETING',
  'SOCIAL_MEDIA',
  'REFERRALS',
  'OTHER_CAMPAIGNS',
  'DIRECT_TRAFFIC',
  'OFFLINE',
  'PAID_SOCIAL',
];
const INDUSTRIES = [
  'ACCOUNTING',
  'AUTOMOTIVE',
  'BANKING',
  'BIOTECHNOLOGY',
  'COMPUTER_SOFTWARE',
  'CONSTRUCTION',
  'CONSUMER_GOODS',
  'EDUCATION_MANAGEMENT',
  'FINANCIAL_SERVICES',
  'FOOD_BEVERAGES',
  'HEALTH_WELLNESS_AND_FITNESS',
  'HOSPITAL_HEALTH_CARE',
  'HOSPITALITY',
  'INFORMATION_TECHNOLOGY_AND_SERVICES',
  'INSURANCE',
  'INTERNET',
  'LEGAL_SERVICES',
  'LOGISTICS_AND_SUPPLY_CHAIN',
  'MACHINERY',
  'MANAGEMENT_CONSULTING',
  'MARKETING_AND_ADVERTISING',
  'MEDIA_PRODUCTION',
  'REAL_ESTATE',
  'RETAIL',
  'TELECOMMUNICATIONS',
  'TRANSPORTATION_TRUCKING_RAILROAD',
  'UTILITIES',
  'WHOLESALE',
];
const LEGAL_BASIS = [
  'Legitimate interest – prospect/lead',
  'Legitimate interest – existing customer',
  'Legitimate interest - other',
  'Performance of a contract',
  'Freely given consent from contact',
  'Not applicable',
];

const CONTACT: Row[] = [
  ['email', 'Email', 'text'],
  ['firstname', 'First Name', 'text'],
  ['lastname', 'Last Name', 'text'],
  ['phone', 'Phone Number', 'text'],
  ['mobilephone', 'Mobile Phone Number', 'text'],
  ['jobtitle', 'Job Title', 'text'],
  ['company', 'Company Name', 'text'],
  ['website', 'Website URL', 'text'],
  ['address', 'Street Address', 'text'],
  ['city', 'City', 'text'],
  ['state', 'State/Region', 'text'],
  ['zip', 'Postal Code', 'text'],
  ['country', 'Country/Region', 'text'],
  ['industry', 'Industry', 'text'],
  ['gender', 'Gender', 'text'],
  ['date_of_birth', 'Date of birth', 'text'],
  ['marital_status', 'Marital Status', 'text'],
  ['seniority', 'Seniority', 'text'],
  ['hs_additional_emails', 'Additional email addresses', 'text'],
  ['hs_language', 'Preferred language', 'text'],
  ['hs_timezone', 'Time Zone', 'text'],
  ['hs_persona', 'Persona', 'text'],
  ['lifecyclestage', 'Lifecycle Stage', 'select', LIFECYCLE],
  ['hs_lead_status', 'Lead Status', 'select', LEAD_STATUS],
  ['hs_legal_basis', 'Legal basis for processing contact’s data', 'checkbox', LEGAL_BASIS],
  ['hubspot_owner_id', 'Contact owner', 'text'],
  ['associatedcompanyid', 'Primary Associated Company ID', 'number'],
  ['hs_marketable_status', 'Marketing contact status', 'text!'],
  ['hs_marketable_until_renewal', 'Marketing contact until next update', 'text!'],
  ['hs_email_optout', 'Unsubscribed from all email', 'bool!'],
  ['hs_email_open', 'Marketing emails opened', 'number!'],
  ['hs_email_click', 'Marketing emails clicked', 'number!'],
  ['hs_email_delivered', 'Marketing emails delivered', 'number!'],
  ['hs_email_bounce', 'Marketing emails bounced', 'number!'],
  ['hs_email_last_open_date', 'Last marketing email open date', 'datetime!'],
  ['hs_email_last_click_date', 'Last marketing email click date', 'datetime!'],
  ['hs_email_hard_bounce_reason_enum', 'Email hard bounce reason', 'text!'],
  ['hs_email_sends_since_last_engagement', 'Sends since last engagement', 'number!'],
  ['hs_analytics_num_page_views', 'Number of Pageviews', 'number!'],
  ['hs_analytics_num_visits', 'Number of Sessions', 'number!'],
  ['hs_analytics_num_event_completions', 'Number of event completions', 'number!'],
  ['hs_analytics_last_visit_timestamp', 'Time of Last Session', 'datetime!'],
  ['hs_analytics_last_timestamp', 'Time Last Seen', 'datetime!'],
  ['hs_analytics_source', 'Original Traffic Source', 'select', SOURCES],
  ['hs_latest_source', 'Latest Traffic Source', 'select', SOURCES],
  ['num_associated_deals', 'Number of Associated Deals', 'number!'],
  ['total_revenue', 'Total Revenue', 'number!'],
  ['recent_deal_amount', 'Recent Deal Amount', 'number!'],
  ['recent_deal_close_date', 'Recent Deal Close Date', 'datetime!'],
  ['first_deal_created_date', 'First Deal Created Date', 'datetime!'],
  ['days_to_close', 'Days To Close', 'number!'],
  ['notes_last_contacted', 'Last Contacted', 'datetime!'],
  ['notes_last_updated', 'Last Activity Date', 'datetime!'],
  ['num_notes', 'Number of Sales Activities', 'number!'],
  ['num_contacted_notes', 'Number of times contacted', 'number!'],
  ['hs_last_sales_activity_timestamp', 'Last Engagement Date', 'datetime!'],
  ['hs_last_sales_activity_date', 'Last sales activity date', 'datetime!'],
  ['hs_sales_email_last_replied', 'Recent Sales Email Replied Date', 'datetime!'],
  ['hs_is_unworked', 'Contact unworked', 'bool!'],
  ['num_conversion_events', 'Number of Form Submissions', 'number!'],
  ['recent_conversion_date', 'Recent Conversion Date', 'datetime!'],
  ['hubspotscore', 'HubSpot Score', 'number!'],
  ['hs_predictivecontactscore_v2', 'Likelihood to close', 'number!'],
  ['hs_calculated_merged_vids', 'Merged vids with timestamps of a contact', 'text!'],
  ['hs_merged_object_ids', 'Merged record IDs', 'text!'],
  ['hs_object_id', 'Record ID', 'number!'],
  ['createdate', 'Create Date', 'datetime!'],
  ['lastmodifieddate', 'Last Modified Date', 'datetime!'],
];

const COMPANY: Row[] = [
  ['name', 'Company name', 'text'],
  ['domain', 'Company Domain Name', 'text'],
  ['website', 'Website URL', 'text'],
  ['phone', 'Phone Number', 'text'],
  ['description', 'Description', 'text'],
  ['address', 'Street Address', 'text'],
  ['city', 'City', 'text'],
  ['state', 'State/Region', 'text'],
  ['zip', 'Postal Code', 'text'],
  ['country', 'Country/Region', 'text'],
  ['industry', 'Industry', 'select', INDUSTRIES],
  ['type', 'Type', 'select', ['PROSPECT', 'PARTNER', 'RESELLER', 'VENDOR', 'OTHER']],
  ['numberofemployees', 'Number of Employees', 'number'],
  ['annualrevenue', 'Annual Revenue', 'number'],
  ['founded_year', 'Year Founded', 'text'],
  ['is_public', 'Is Public', 'bool'],
  ['lifecyclestage', 'Lifecycle Stage', 'select', LIFECYCLE],
  ['hs_lead_status', 'Lead Status', 'select', LEAD_STATUS],
  ['hs_ideal_customer_profile', 'Ideal Customer Profile Tier', 'select', ['tier_1', 'tier_2', 'tier_3']],
  ['hs_is_target_account', 'Target Account', 'bool'],
  ['hs_target_account', 'Target Account', 'select', ['tier_1', 'tier_2', 'tier_3']],
  ['hubspot_owner_id', 'Company owner', 'text'],
  ['hs_parent_company_id', 'Parent Company', 'number!'],
  ['hs_num_child_companies', 'Number of child companies', 'number!'],
  ['num_associated_contacts', 'Number of Associated Contacts', 'number!'],
  ['num_associated_deals', 'Number of Associated Deals', 'number!'],
  ['total_revenue', 'Total Revenue', 'number!'],
  ['recent_deal_amount', 'Recent Deal Amount', 'number!'],
  ['recent_deal_close_date', 'Recent Deal Close Date', 'datetime!'],
  ['notes_last_contacted', 'Last Contacted', 'datetime!'],
  ['notes_last_updated', 'Last Activity Date', 'datetime!'],
  ['hs_analytics_source', 'Original Traffic Source', 'select', SOURCES],
  ['hs_analytics_num_visits', 'Number of Sessions', 'number!'],
  ['hs_analytics_num_page_views', 'Number of Pageviews', 'number!'],
  ['hs_merged_object_ids', 'Merged record IDs', 'text!'],
  ['hs_object_id', 'Record ID', 'number!'],
  ['createdate', 'Create Date', 'datetime!'],
  ['hs_lastmodifieddate', 'Last Modified Date', 'datetime!'],
];

const DEAL: Row[] = [
  ['dealname', 'Deal Name', 'text'],
  ['amount', 'Amount', 'number'],
  ['amount_in_home_currency', 'Amount in company currency', 'number!'],
  ['deal_currency_code', 'Currency', 'text'],
  ['hs_exchange_rate', 'Exchange rate', 'number!'],
  ['pipeline', 'Pipeline', 'text'],
  ['dealstage', 'Deal Stage', 'text'],
  ['dealtype', 'Deal Type', 'select', ['newbusiness', 'existingbusiness']],
  ['closedate', 'Close Date', 'datetime'],
  ['description', 'Deal Description', 'text'],
  ['hs_priority', 'Priority', 'select', ['low', 'medium', 'high']],
  ['closed_lost_reason', 'Closed Lost Reason', 'text'],
  ['closed_won_reason', 'Closed Won Reason', 'text'],
  ['hubspot_owner_id', 'Deal owner', 'text'],
  ['hs_arr', 'Annual recurring revenue', 'number!'],
  ['hs_mrr', 'Monthly recurring revenue', 'number!'],
  ['hs_acv', 'Annual contract value', 'number!'],
  ['hs_tcv', 'Total contract value', 'number!'],
  ['hs_deal_stage_probability', 'Deal probability', 'number!'],
  ['hs_is_closed', 'Is Deal Closed?', 'bool!'],
  ['hs_is_closed_won', 'Is Closed Won', 'bool!'],
  ['hs_is_closed_lost', 'Is closed lost', 'bool!'],
  ['num_associated_contacts', 'Number of Associated Contacts', 'number!'],
  ['hs_analytics_source', 'Original Traffic Source', 'select', SOURCES],
  ['hs_merged_object_ids', 'Merged record IDs', 'text!'],
  ['hs_object_id', 'Record ID', 'number!'],
  ['createdate', 'Create Date', 'datetime'],
  ['hs_createdate', 'Object create date/time', 'datetime!'],
  ['hs_lastmodifieddate', 'Last Modified Date', 'datetime!'],
];

const FORMS: Record<Kind, { type: string; fieldType: string }> = {
  text: { type: 'string', fieldType: 'text' },
  number: { type: 'number', fieldType: 'number' },
  date: { type: 'date', fieldType: 'date' },
  datetime: { type: 'datetime', fieldType: 'date' },
  bool: { type: 'bool', fieldType: 'booleancheckbox' },
  select: { type: 'enumeration', fieldType: 'select' },
  checkbox: { type: 'enumeration', fieldType: 'checkbox' },
};

const KINDS: Record<string, Kind> = {
  text: 'text',
  number: 'number',
  date: 'date',
  datetime: 'datetime',
  bool: 'bool',
  select: 'select',
  checkbox: 'checkbox',
};

const BOOLEANS = ['true', 'false'];

const LABELS: Record<string, string> = {
  marketingqualifiedlead: 'Marketing Qualified Lead',
  salesqualifiedlead: 'Sales Qualified Lead',
  newbusiness: 'New Business',
  existingbusiness: 'Existing Business',
  true: 'Yes',
  false: 'No',
};

/** Portals show labels, and records hold values: Organic Search for ORGANIC_SEARCH. */
const labelOf = (value: string): string =>
  LABELS[value] ??
  value
    .toLowerCase()
    .split('_')
    .map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`)
    .join(' ');

const definitionOf = (object: ObjectType, [name, label, kindText, values]: Row): Definition => {
  const kind = KINDS[kindText.replace('!', '')] ?? 'text';
  const readOnly = kindText.endsWith('!');
  return define({
    name,
    label,
    ...FORMS[kind],
    groupName: `${object}information`,
    options: options(
      (values ?? (kind === 'bool' ? BOOLEANS : [])).map((value) => ({ value, label: labelOf(value) })),
    ),
    hubspotDefined: true,
    calculated: readOnly,
    readOnlyValue: readOnly,
    hasUniqueValue: object === 'contact' && name === 'email',
  });
};

/** Fresh definitions each time: a portal may change them. */
export const standardProperties = (object: ObjectType): Definition[] =>
  ({ contact: CONTACT, company: COMPANY, deal: DEAL })[object].map((row) => definitionOf(object, row));
