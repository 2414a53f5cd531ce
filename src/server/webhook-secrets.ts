import type { Config } from '../config.ts';

/** What a system may have signed with: the client secret, and the one before it while that is being rotated. */
export function webhookSecrets(config: Config, system: string): string[] {
  if (system !== 'hubspot') return [];
  const { app, oldClientSecret } = config.hubspot;
  return [app?.clientSecret, oldClientSecret].filter((secret) => secret !== undefined);
}
