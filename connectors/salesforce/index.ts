import type { Connector } from '../contract.ts';
import { SCOPES } from './app.ts';
import { listenToSalesforce } from './changes.ts';
import { checkSalesforce, identifySalesforce } from './check.ts';
import { SalesforceConfig } from './config.ts';
import { currenciesOfSalesforce } from './currencies.ts';
import { dealNamesOfSalesforce } from './deal-names.ts';
import { BUDGETS } from './dialect.ts';
import { discoverSalesforce, sizeOfSalesforce } from './discover.ts';
import { LOOK_CALLS, lookAtSalesforce } from './look.ts';
import { membersOfSalesforce } from './members.ts';
import { authorizeUrl, exchangeCode, refreshSalesforce, revokeSalesforce } from './oauth.ts';
import { ownersOfSalesforce } from './owners.ts';
import { prepareSalesforce } from './prepare.ts';
import { pullSalesforce } from './pull.ts';
import { BATCH, pushSalesforce } from './push.ts';
import { recordUrl } from './record-url.ts';
import { signInUrl, whoSignedIn } from './sign-in.ts';
import { taskOfSalesforce } from './tasks.ts';
import { uninstallSalesforce } from './uninstall.ts';

/** Salesforce: contacts, leads, accounts and opportunities in, fields, list views and campaigns out. */
export default {
  key: 'salesforce',
  name: 'Salesforce',
  config: SalesforceConfig,
  auth: 'oauth2',
  budgets: BUDGETS,
  batch: BATCH,
  objects: ['contact', 'company', 'deal'],
  targets: ['property', 'primary', 'changed_at', 'why', 'list_view', 'campaign'],
  defaultTargets: ['property', 'primary', 'changed_at'],
  check: checkSalesforce,
  discover: discoverSalesforce,
  size: sizeOfSalesforce,
  pull: pullSalesforce,
  prepare: prepareSalesforce,
  push: pushSalesforce,
  task: taskOfSalesforce,
  members: membersOfSalesforce,
  recordUrl,
  authorize: {
    scopes: { required: SCOPES.map(({ name }) => name), optional: [] },
    url: authorizeUrl,
    exchange: exchangeCode,
  },
  signIn: { url: signInUrl, who: whoSignedIn },
  identify: identifySalesforce,
  refresh: refreshSalesforce,
  revoke: revokeSalesforce,
  owners: ownersOfSalesforce,
  dealNames: dealNamesOfSalesforce,
  currencies: currenciesOfSalesforce,
  listen: listenToSalesforce,
  look: { calls: LOOK_CALLS, ask: lookAtSalesforce },
  uninstall: uninstallSalesforce,
} satisfies Connector<SalesforceConfig>;
