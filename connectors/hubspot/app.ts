import type { ObjectType } from '../../src/model/record.ts';

/**
 * What HubSpot is told about the app: the connector works by it, the web process serves by it, and
 * `npm run marketplace` writes the developer project from it. Nothing here is said a second time elsewhere.
 */
export const APP_NAME = 'Segment Sync';

/**
 * The developer platform that the project is built for. An unsupported one fails the build.
 * https://developers.hubspot.com/docs/developer-tooling/platform/versioning
 */
export const PLATFORM_VERSION = '2026.03';

/** Rights that the app asks for; each one is used. `optional` ones only for lists, and for telling owners of their customers. */
export const SCOPES = {
  required: [
    'oauth',
    'crm.objects.contacts.read',
    'crm.objects.contacts.write',
    'crm.objects.companies.read',
    'crm.objects.companies.write',
    'crm.objects.deals.read',
    'crm.schemas.contacts.read',
    'crm.schemas.contacts.write',
    'crm.schemas.companies.read',
    'crm.schemas.companies.write',
    'crm.schemas.deals.read',
  ],
  optional: ['crm.lists.read', 'crm.lists.write', 'crm.objects.owners.read'],
} as const;

/** Where HubSpot reaches us, under the public address. */
export const PATHS = {
  /** An authorisation comes back here. */
  redirect: '/oauth/hubspot/callback',
  /** Events are posted here. */
  webhooks: '/webhooks/hubspot',
  /** What the card shows; asked for by `hubspot.fetch`, which signs it. */
  card: '/api/card/hubspot',
  /** One record in the workspace: `/contact/123` or `/company/123` follows. */
  record: '/records/hubspot',
  /** The workspace. */
  workspace: '/',
} as const;

/** Where `connect hubspot` on the command line waits for the authorisation, on the machine of whoever runs it. */
export const COMMAND_LINE_REDIRECT = 'http://localhost:3939/callback';

/** The group that all our properties are in. */
export const PROPERTY_GROUP = { name: 'segment_sync', label: 'Segment Sync' } as const;

/** Internal names of our properties; HubSpot does not let them change later. */
export const PROPERTY_NAMES = {
  changedAt: 'segment_sync_changed_at',
  label: (segmentation: string) => `segment_sync_${segmentation}`,
  why: (segmentation: string) => `segment_sync_${segmentation}_why`,
} as const;

/** How many posts of events to one account's worth of us may be under way at once; HubSpot wants more than five. */
export const WEBHOOK_CONCURRENCY = 10;

/** What may happen to a record of each object that makes us read it again. */
export const RECORD_EVENTS = ['creation', 'deletion', 'merge', 'restore', 'associationChange'] as const;

/**
 * Properties whose change makes us read the record again: those that people, forms and imports set. What HubSpot
 * works out by itself (opens, visits, scores) sends no events or a flood of them; the next run reads it.
 */
export const WATCHED_PROPERTIES: Record<ObjectType, readonly string[]> = {
  contact: [
    'email',
    'firstname',
    'lastname',
    'phone',
    'mobilephone',
    'company',
    'jobtitle',
    'hubspot_owner_id',
    'lifecyclestage',
    'hs_lead_status',
    'hs_persona',
    'hs_language',
    'country',
    'state',
    'city',
    'zip',
    'hs_email_optout',
    'hs_legal_basis',
  ],
  company: [
    'name',
    'domain',
    'industry',
    'type',
    'numberofemployees',
    'annualrevenue',
    'hubspot_owner_id',
    'lifecyclestage',
    'hs_lead_status',
    'hs_ideal_customer_profile',
    'hs_is_target_account',
    'country',
    'state',
    'city',
  ],
  deal: [
    'dealname',
    'dealstage',
    'pipeline',
    'amount',
    'deal_currency_code',
    'closedate',
    'dealtype',
    'hubspot_owner_id',
  ],
};

/**
 * Once watched by an uploaded project. HubSpot refuses an upload that has lost a subscription, so what is watched no
 * longer moves here, and is written as inactive.
 */
export const RETIRED_PROPERTIES: Record<ObjectType, readonly string[]> = {
  contact: [],
  // Which tier of target account it is; whether it is one at all is hs_is_target_account.
  company: ['hs_target_account'],
  deal: [],
};

/** Someone had a contact deleted for good: it is erased here too, and never made again. */
export const PRIVACY_EVENT = 'contact.privacyDeletion';
