import { MARKER, PERMISSION_SET, READ_PERMISSION_SET, SCOPES } from '../connectors/salesforce/app.ts';
import { fieldNames, metadataFile, permissionSetFile } from '../connectors/salesforce/bundle.ts';
import type { Wanted } from '../connectors/salesforce/field-plan.ts';
import type { XmlObject } from '../connectors/salesforce/xml.ts';

export const APP = 'Segment_Sync';
export const APP_LABEL = 'Segment Sync';
export const CARD_CLASS = 'SegmentSyncCard';
export const SETUP_TAB = 'Segment_Sync_Setup';

/** Whose token the component's calls carry: one for the org, which an admin enters after the installation. */
const PRINCIPAL = 'Segment_Sync_Org';

/**
 * Who we are to an org that lets us in. Its consumer key, secret and redirect address stay in the publisher's own org;
 * `oauthLink` (org id, colon, id of the consumer) says where, and is null until that org has made it up.
 * https://help.salesforce.com/s/articleView?id=xcloud.associate_and_disassociate_external_client_apps.htm
 */
export const clientApp = (contactEmail: string, oauthLink: string | null) => ({
  [`externalClientApps/${APP}.eca-meta.xml`]: metadataFile('ExternalClientApplication', {
    contactEmail,
    description: 'Writes customer segments onto contacts, leads and accounts.',
    distributionState: 'Packaged',
    isProtected: false,
    label: APP_LABEL,
    ...(oauthLink !== null && { orgScopedExternalApp: `${oauthLink.split(':')[0]}:${APP}` }),
  }),
  [`extlClntAppOauthSettings/${APP}_OAuth.ecaOauth-meta.xml`]: metadataFile('ExtlClntAppOauthSettings', {
    commaSeparatedOauthScopes: SCOPES.map(({ metadata }) => metadata).join(', '),
    externalClientApplication: APP,
    label: `${APP_LABEL} OAuth`,
    ...(oauthLink !== null && { oauthLink }),
  }),
});

/**
 * How the component's calls find the app and say who they are: the token is entered in Setup, never in a file.
 * https://developer.salesforce.com/docs/platform/named-credentials/guide/nc-package-credentials.html
 */
export const credentials = (publicUrl: string) => ({
  [`externalCredentials/${APP}.externalCredential-meta.xml`]: metadataFile('ExternalCredential', {
    authenticationProtocol: 'Custom',
    description: MARKER,
    externalCredentialParameters: [
      {
        parameterGroup: PRINCIPAL,
        parameterName: PRINCIPAL,
        parameterType: 'NamedPrincipal',
        sequenceNumber: 1,
      },
      {
        parameterGroup: 'DefaultGroup',
        parameterName: 'Authorization',
        parameterType: 'AuthHeader',
        parameterValue: `{!'Bearer ' & $Credential.${APP}.Token}`,
        sequenceNumber: 1,
      },
    ],
    label: APP_LABEL,
  }),
  [`namedCredentials/${APP}.namedCredential-meta.xml`]: metadataFile('NamedCredential', {
    allowMergeFieldsInBody: false,
    allowMergeFieldsInHeader: true,
    calloutStatus: 'Enabled',
    generateAuthorizationHeader: false,
    label: APP_LABEL,
    namedCredentialParameters: [
      { parameterName: 'Url', parameterType: 'Url', parameterValue: publicUrl },
      { externalCredential: APP, parameterName: 'ExternalCredential', parameterType: 'Authentication' },
    ],
    namedCredentialType: 'SecuredEndpoint',
  }),
});

const MAY_ASK: XmlObject = {
  classAccesses: { apexClass: CARD_CLASS, enabled: true },
  externalCredentialPrincipalAccesses: {
    enabled: true,
    externalCredentialPrincipal: `${APP}-${PRINCIPAL}`,
  },
};

/**
 * Reps see, the user that we are connected by writes, admins set up. A package leaves out rights on standard objects
 * and rights of users, so none stand here.
 * https://developer.salesforce.com/docs/atlas.en-us.pkg2_dev.meta/pkg2_dev/distribution_perm_sets_profile_settings.htm
 */
export function permissionSets(fields: Wanted[]): Record<string, string> {
  const names = fieldNames(fields);
  const shown = { fields: names, editable: false };
  const setup: XmlObject = {
    applicationVisibilities: { application: APP, visible: true },
    tabSettings: { tab: SETUP_TAB, visibility: 'Visible' },
  };
  return {
    ...permissionSetFile({ name: PERMISSION_SET, label: APP_LABEL, fields: names, editable: true }),
    ...permissionSetFile({
      name: READ_PERMISSION_SET,
      label: `${APP_LABEL}: see labels`,
      ...shown,
      more: MAY_ASK,
    }),
    ...permissionSetFile({
      name: `${APP}_Admin`,
      label: `${APP_LABEL}: set up`,
      ...shown,
      more: { ...MAY_ASK, ...setup },
    }),
  };
}
