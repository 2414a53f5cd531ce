/** The table of endpoints. The workspace calls them by method and path and takes their types from here. */
import acceptFall from './routes/accept-fall.ts';
import allowSensitive from './routes/allow-sensitive.ts';
import authorizeConnection from './routes/authorize-connection.ts';
import beginSegmentation from './routes/begin-segmentation.ts';
import cancelRun from './routes/cancel-run.ts';
import changeAlertSettings from './routes/change-alert-settings.ts';
import changeBudget from './routes/change-budget.ts';
import changeConnection from './routes/change-connection.ts';
import changeOwnSettings from './routes/change-own-settings.ts';
import changePerson from './routes/change-person.ts';
import changeQuietHours from './routes/change-quiet-hours.ts';
import changeRevenue from './routes/change-revenue.ts';
import changeSensitivity from './routes/change-sensitivity.ts';
import changeTenant from './routes/change-tenant.ts';
import checkConnection from './routes/check-connection.ts';
import checkSegmentation from './routes/check-segmentation.ts';
import decideSuggestion from './routes/decide-suggestion.ts';
import discardDraft from './routes/discard-draft.ts';
import disconnectConnection from './routes/disconnect-connection.ts';
import downloadAudit from './routes/download-audit.ts';
import downloadMembers from './routes/download-members.ts';
import downloadProcessingRecord from './routes/download-processing-record.ts';
import downloadRunWrites from './routes/download-run-writes.ts';
import eraseCustomer from './routes/erase-customer.ts';
import eraseWho from './routes/erase-who.ts';
import expectChanges from './routes/expect-changes.ts';
import exportCustomer from './routes/export-customer.ts';
import exportWho from './routes/export-who.ts';
import findRecord from './routes/find-record.ts';
import finishReview from './routes/finish-review.ts';
import getAlertSettings from './routes/get-alert-settings.ts';
import getCardSalesforce from './routes/get-card-salesforce.ts';
import getCustomer from './routes/get-customer.ts';
import getExperiment from './routes/get-experiment.ts';
import getHistory from './routes/get-history.ts';
import getHome from './routes/get-home.ts';
import getMapping from './routes/get-mapping.ts';
import getMetrics from './routes/get-metrics.ts';
import getOverlap from './routes/get-overlap.ts';
import getPrivacy from './routes/get-privacy.ts';
import getProcessingRecord from './routes/get-processing-record.ts';
import getQuality from './routes/get-quality.ts';
import getRates from './routes/get-rates.ts';
import getRevenue from './routes/get-revenue.ts';
import getReview from './routes/get-review.ts';
import getRun from './routes/get-run.ts';
import getSegment from './routes/get-segment.ts';
import getSegmentation from './routes/get-segmentation.ts';
import getSession from './routes/get-session.ts';
import getTenant from './routes/get-tenant.ts';
import getUndo from './routes/get-undo.ts';
import getWaiting from './routes/get-waiting.ts';
import invitePerson from './routes/invite-person.ts';
import listAlerts from './routes/list-alerts.ts';
import listAttributeValues from './routes/list-attribute-values.ts';
import listAttributes from './routes/list-attributes.ts';
import listAudit from './routes/list-audit.ts';
import listConnections from './routes/list-connections.ts';
import listCustomers from './routes/list-customers.ts';
import listExperiments from './routes/list-experiments.ts';
import listMethods from './routes/list-methods.ts';
import listOwnAtRisk from './routes/list-own-at-risk.ts';
import listOwnNew from './routes/list-own-new.ts';
import listPeople from './routes/list-people.ts';
import listPins from './routes/list-pins.ts';
import listProperties from './routes/list-properties.ts';
import listReceipts from './routes/list-receipts.ts';
import listRefused from './routes/list-refused.ts';
import listReviews from './routes/list-reviews.ts';
import listRunWrites from './routes/list-run-writes.ts';
import listRuns from './routes/list-runs.ts';
import listSchedules from './routes/list-schedules.ts';
import listSegmentations from './routes/list-segmentations.ts';
import listTargetWrites from './routes/list-target-writes.ts';
import listTemplates from './routes/list-templates.ts';
import listTokens from './routes/list-tokens.ts';
import makeSignInLink from './routes/make-sign-in-link.ts';
import makeToken from './routes/make-token.ts';
import mapProperty from './routes/map-property.ts';
import pictureSegmentation from './routes/picture-segmentation.ts';
import planDraft from './routes/plan-draft.ts';
import planExperiment from './routes/plan-experiment.ts';
import planSensitivity from './routes/plan-sensitivity.ts';
import previewDisconnect from './routes/preview-disconnect.ts';
import previewRevenue from './routes/preview-revenue.ts';
import previewSchedule from './routes/preview-schedule.ts';
import previewSegmentation from './routes/preview-segmentation.ts';
import previewUndo from './routes/preview-undo.ts';
import proposeDraft from './routes/propose-draft.ts';
import publishDraft from './routes/publish-draft.ts';
import putSchedule from './routes/put-schedule.ts';
import readmitPerson from './routes/readmit-person.ts';
import rejoinRecord from './routes/rejoin-record.ts';
import releaseTargets from './routes/release-targets.ts';
import removePerson from './routes/remove-person.ts';
import removePin from './routes/remove-pin.ts';
import removeRate from './routes/remove-rate.ts';
import removeSchedule from './routes/remove-schedule.ts';
import retireSegmentation from './routes/retire-segmentation.ts';
import retryRefused from './routes/retry-refused.ts';
import revokeInvitation from './routes/revoke-invitation.ts';
import revokeSensitive from './routes/revoke-sensitive.ts';
import revokeToken from './routes/revoke-token.ts';
import saveDraft from './routes/save-draft.ts';
import setRates from './routes/set-rates.ts';
import splitRecord from './routes/split-record.ts';
import startExperiment from './routes/start-experiment.ts';
import startRun from './routes/start-run.ts';
import startUndo from './routes/start-undo.ts';
import stopExperiment from './routes/stop-experiment.ts';
import stopTargets from './routes/stop-targets.ts';
import streamEvents from './routes/stream-events.ts';
import testAlerts from './routes/test-alerts.ts';
import unmapProperty from './routes/unmap-property.ts';

export const routes = [
  acceptFall,
  allowSensitive,
  authorizeConnection,
  beginSegmentation,
  cancelRun,
  changeAlertSettings,
  changeBudget,
  changeConnection,
  changeOwnSettings,
  changePerson,
  changeQuietHours,
  changeRevenue,
  changeSensitivity,
  changeTenant,
  checkConnection,
  checkSegmentation,
  decideSuggestion,
  discardDraft,
  disconnectConnection,
  downloadAudit,
  downloadMembers,
  downloadProcessingRecord,
  downloadRunWrites,
  eraseCustomer,
  eraseWho,
  expectChanges,
  exportCustomer,
  exportWho,
  findRecord,
  finishReview,
  getAlertSettings,
  getCardSalesforce,
  getCustomer,
  getExperiment,
  getHistory,
  getHome,
  getMapping,
  getMetrics,
  getOverlap,
  getPrivacy,
  getProcessingRecord,
  getQuality,
  getRates,
  getRevenue,
  getReview,
  getRun,
  getSegment,
  getSegmentation,
  getSession,
  getTenant,
  getUndo,
  getWaiting,
  invitePerson,
  listAlerts,
  listAttributes,
  listAttributeValues,
  listAudit,
  listConnections,
  listCustomers,
  listExperiments,
  listMethods,
  listOwnAtRisk,
  listOwnNew,
  listPeople,
  listPins,
  listProperties,
  listReceipts,
  listRefused,
  listReviews,
  listRuns,
  listRunWrites,
  listSchedules,
  listSegmentations,
  listTargetWrites,
  listTemplates,
  listTokens,
  makeSignInLink,
  makeToken,
  mapProperty,
  pictureSegmentation,
  planDraft,
  planExperiment,
  planSensitivity,
  previewDisconnect,
  previewRevenue,
  previewSchedule,
  previewSegmentation,
  previewUndo,
  proposeDraft,
  publishDraft,
  putSchedule,
  readmitPerson,
  releaseTargets,
  removePerson,
  removePin,
  setRates,
  splitRecord,
  rejoinRecord,
  removeRate,
  removeSchedule,
  retireSegmentation,
  retryRefused,
  revokeInvitation,
  revokeSensitive,
  revokeToken,
  saveDraft,
  startExperiment,
  startRun,
  startUndo,
  stopExperiment,
  stopTargets,
  streamEvents,
  testAlerts,
  unmapProperty,
];

/** By `GET /api/session`, for typed calls. */
export type Api = {
  [R in (typeof routes)[number] as `${R['method']} ${R['path']}`]: R;
};
