import type { Connector } from '../contract.ts';
import { SCOPES } from './app.ts';
import { checkHubSpot, identifyHubSpot } from './check.ts';
import { BUDGETS } from './client.ts';
import { HubSpotConfig } from './config.ts';
import { currenciesOfHubSpot } from './currencies.ts';
import { dealNamesOfHubSpot } from './deal-names.ts';
import { installerOfHubSpot } from './installer.ts';
import { membersOfHubSpot } from './lists.ts';
import { authorizeUrl, exchangeCode, refreshHubSpot, revokeHubSpot } from './oauth.ts';
import { ownersOfHubSpot } from './owners.ts';
import { prepareHubSpot } from './prepare.ts';
import { discoverHubSpot } from './properties.ts';
import { pullHubSpot } from './pull.ts';
import { pushHubSpot } from './push.ts';
import { sizeOfHubSpot } from './reads.ts';
import { recordUrl } from './record-url.ts';
import { verifyHubSpot } from './signature.ts';
import { taskOfHubSpot } from './tasks.ts';
import { uninstallHubSpot } from './uninstall.ts';
import { parseHubSpotEvents } from './webhook.ts';

/** HubSpot CRM: contacts, companies and deals in, properties and lists out. */
export default {
  key: 'hubspot',
  name: 'HubSpot',
  config: HubSpotConfig,
  auth: 'oauth2',
  budgets: BUDGETS,
  // As many as HubSpot's own client sends at once; with answers after 300 ms they use the account's window up.
  batch: { properties: 100, membership: 1_000, inFlight: 6 },
  objects: ['contact', 'company', 'deal'],
  targets: ['property', 'changed_at', 'why', 'dynamic_list', 'manual_list'],
  defaultTargets: ['property', 'changed_at'],
  check: checkHubSpot,
  discover: discoverHubSpot,
  size: sizeOfHubSpot,
  pull: pullHubSpot,
  prepare: prepareHubSpot,
  push: pushHubSpot,
  task: taskOfHubSpot,
  members: membersOfHubSpot,
  recordUrl,
  authorize: { scopes: SCOPES, url: authorizeUrl, exchange: exchangeCode, installer: installerOfHubSpot },
  identify: identifyHubSpot,
  refresh: refreshHubSpot,
  revoke: revokeHubSpot,
  owners: ownersOfHubSpot,
  dealNames: dealNamesOfHubSpot,
  currencies: currenciesOfHubSpot,
  webhook: { verify: verifyHubSpot, parse: parseHubSpotEvents },
  uninstall: uninstallHubSpot,
} satisfies Connector<HubSpotConfig>;
