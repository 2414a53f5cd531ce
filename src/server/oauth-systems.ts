import type { Connector, OAuthApp } from '../../connectors/contract.ts';
import { connectors } from '../../connectors/registry.ts';
import type { Config } from '../config.ts';
import { ConfigError, InputError } from '../errors.ts';

/** Systems that are connected in the browser. */
export type OAuthSystem = 'hubspot' | 'salesforce';

const SYSTEMS: readonly OAuthSystem[] = ['hubspot', 'salesforce'];

export function oauthSystem(text: string): OAuthSystem {
  const system = SYSTEMS.find((one) => one === text);
  if (system) return system;
  throw new InputError('system_unknown', 'There is no such CRM to connect.', {
    action: `Use one of: ${SYSTEMS.join(', ')}.`,
  });
}

/** Systems that people may connect here, and whether we are registered there. */
export function listOAuthSystems(config: Config): { key: string; name: string; isReady: boolean }[] {
  return SYSTEMS.map((key) => ({
    key,
    name: connectors[key]?.name ?? key,
    isReady: config[key].app !== null,
  }));
}

/** @throws ConfigError where we are not registered at that system */
export function appOf(config: Config, { key, name }: Pick<Connector, 'key' | 'name'>): OAuthApp {
  const { app } = config[oauthSystem(key)];
  if (app) return app;
  const prefix = key.toUpperCase();
  throw new ConfigError('app_missing', `${name} can’t be connected: the app is not registered there.`, {
    action: `Ask whoever runs this installation to set ${prefix}_CLIENT_ID and ${prefix}_CLIENT_SECRET.`,
  });
}

const SANDBOX_LOGIN = 'https://test.salesforce.com';

/** A My Domain address of an org, production, sandbox or developer. */
const MY_DOMAIN =
  /^[a-z0-9][a-z0-9-]{0,62}(\.(sandbox|develop|scratch|trailblaze|demo))?\.my\.salesforce\.com$/;

/**
 * The connector's settings for an authorisation. Salesforce's `host`: `production`, `sandbox`, or the org's own
 * My Domain host; no other host is ever sent to or called.
 * @throws InputError where the host is none of these
 */
export function configFor(
  config: Config,
  system: OAuthSystem,
  host: string | undefined,
): Record<string, unknown> {
  if (system === 'hubspot') return { apiUrl: config.hubspot.apiUrl };
  const asked = (host ?? 'production').trim().toLowerCase();
  if (asked === 'production') return { loginUrl: config.salesforce.loginUrl };
  if (asked === 'sandbox') return { loginUrl: SANDBOX_LOGIN };
  const domain = asked.replace(/^https:\/\//, '').replace(/\/$/, '');
  if (MY_DOMAIN.test(domain)) return { loginUrl: `https://${domain}` };
  throw new InputError(
    'host_not_allowed',
    'This is no address of a Salesforce org. Nothing was sent to it.',
    {
      action: 'Use the My Domain address, as in yourcompany.my.salesforce.com (Setup, My Domain).',
    },
  );
}
