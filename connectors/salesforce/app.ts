/** What the org is told of the app: the connector goes by it, and the package that admins install is written from it. */

/**
 * Version of every path and of the package: Spring '26.
 * https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/dome_versions.htm
 */
export const API_VERSION = '66.0';

/**
 * Rights that the app asks for, each with its name in the metadata of an External Client App.
 * https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_tokens_scopes.htm
 */
export const SCOPES = [
  { name: 'api', metadata: 'Api', why: 'reads records, writes our fields, by REST, Bulk and Metadata API' },
  { name: 'refresh_token', metadata: 'RefreshToken', why: 'works at night, when nobody is logged in' },
  { name: 'id', metadata: 'Basic', why: 'knows who connected, to give them our permission set' },
] as const;

/** Where the org sends the admin back to, below the app's public address. */
export const REDIRECT_PATH = '/oauth/salesforce/callback';

/**
 * Hosts that a token of an org may be sent to; Government Cloud is among them. Clouds with domains of their own (.mil,
 * .cn) are not: which of their hosts are Salesforce's alone is to be settled with their operators first.
 */
export const SALESFORCE_HOSTS = ['salesforce.com'];

/** Where the component on record pages asks for a record's labels: GET, with `object` and `id`. */
export const CARD_PATH = '/api/card/salesforce';

/** How our changes are marked in change events. https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_calloptions.htm */
export const CLIENT_NAME = 'SegmentSync';

/** Says which org the component asks for: its 18 character id. */
export const ORG_HEADER = 'X-Salesforce-Org-Id';

/** Namespace of the installed package, which stands before the names of its components: `segmentsync__Segment_...`. */
export const NAMESPACE = 'segmentsync';
export const PACKAGED = `${NAMESPACE}__`;

/** A component's name without that of the package which brings it. */
export const bareName = (name: string) => (name.startsWith(PACKAGED) ? name.slice(PACKAGED.length) : name);

/** Every field of ours begins so. */
export const OUR_PREFIX = 'Segment_Sync_';

/** Stands in the description of all that we make: the sign that it is ours. */
export const MARKER = 'Made by Segment Sync.';

/** Who has this permission set sees and edits our fields: the user that we are connected by. */
export const PERMISSION_SET = 'Segment_Sync';

/** Who has this one sees our fields and the component: reps. */
export const READ_PERMISSION_SET = 'Segment_Sync_Read';
