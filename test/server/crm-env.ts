import type { HubspotSandbox } from '../../sandbox/hubspot/index.ts';
import type { SalesforceSandbox } from '../../sandbox/salesforce/index.ts';

/** The settings of a program that works with these stand-in CRMs. */
export const crmEnv = (hubspot: HubspotSandbox, salesforce: SalesforceSandbox) => ({
  HUBSPOT_CLIENT_ID: hubspot.app.clientId,
  HUBSPOT_CLIENT_SECRET: hubspot.app.clientSecret,
  HUBSPOT_API_URL: hubspot.url,
  SALESFORCE_CLIENT_ID: salesforce.app.clientId,
  SALESFORCE_CLIENT_SECRET: salesforce.app.clientSecret,
  SALESFORCE_LOGIN_URL: salesforce.url,
});
