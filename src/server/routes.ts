/** The table of endpoints. The workspace calls them by method and path and takes their types from here. */

import authorizeConnection from './routes/authorize-connection.ts';
import beginSegmentation from './routes/begin-segmentation.ts';
import changeConnection from './routes/change-connection.ts';
import changeOwnSettings from './routes/change-own-settings.ts';
import changePerson from './routes/change-person.ts';
import changeTenant from './routes/change-tenant.ts';
import checkConnection from './routes/check-connection.ts';
import checkSegmentation from './routes/check-segmentation.ts';
import discardDraft from './routes/discard-draft.ts';
import downloadMembers from './routes/download-members.ts';
import eraseCustomer from './routes/erase-customer.ts';
import exportCustomer from './routes/export-customer.ts';
import getCardSalesforce from './routes/get-card-salesforce.ts';
import getCustomer from './routes/get-customer.ts';
import getHistory from './routes/get-history.ts';
import getMetrics from './routes/get-metrics.ts';
import getOverlap from './routes/get-overlap.ts';
import getSegment from './routes/get-segment.ts';
import getSegmentation from './routes/get-segmentation.ts';
import getSession from './routes/get-session.ts';
import getTenant from './routes/get-tenant.ts';
import invitePerson from './routes/invite-person.ts';
import listAttributeValues from './routes/list-attribute-values.ts';
import listAttributes from './routes/list-attributes.ts';
import listAudit from './routes/list-audit.ts';
import listConnections from './routes/list-connections.ts';
import listCustomers from './routes/list-customers.ts';
import listPeople from './routes/list-people.ts';
import listSegmentations from './routes/list-segmentations.ts';
import listTemplates from './routes/list-templates.ts';
import listTokens from './routes/list-tokens.ts';
import makeSignInLink from './routes/make-sign-in-link.ts';
import makeToken from './routes/make-token.ts';
import planDraft from './routes/plan-draft.ts';
import previewSegmentation from './routes/preview-segmentation.ts';
import proposeDraft from './routes/propose-draft.ts';
import publishDraft from './routes/publish-draft.ts';
import removePerson from './routes/remove-person.ts';
import retireSegmentation from './routes/retire-segmentation.ts';
import revokeInvitation from './routes/revoke-invitation.ts';
import revokeToken from './routes/revoke-token.ts';
import saveDraft from './routes/save-draft.ts';
import startRun from './routes/start-run.ts';
import streamEvents from './routes/stream-events.ts';

export const routes = [
  changeOwnSettings,
  changePerson,
  changeTenant,
  downloadMembers,
  eraseCustomer,
  exportCustomer,
  getCardSalesforce,
  getCustomer,
  getHistory,
  getMetrics,
  getOverlap,
  getSegment,
  getSession,
  getTenant,
  invitePerson,
  listAudit,
  listCustomers,
  listPeople,
  listTokens,
  makeSignInLink,
  makeToken,
  removePerson,
  revokeInvitation,
  revokeToken,
  startRun,
  streamEvents,
  beginSegmentation,
  checkSegmentation,
  discardDraft,
  getSegmentation,
  listAttributeValues,
  listAttributes,
  listSegmentations,
  listTemplates,
  planDraft,
  previewSegmentation,
  proposeDraft,
  publishDraft,
  retireSegmentation,
  saveDraft,
  listConnections,
  checkConnection,
  authorizeConnection,
  changeConnection,
];

/** By `GET /api/session`, for typed calls. */
export type Api = {
  [R in (typeof routes)[number] as `${R['method']} ${R['path']}`]: R;
};
