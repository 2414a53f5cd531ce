import type { Context } from '../contract.ts';
import { accountOf } from './check.ts';
import type { HubSpotConfig } from './config.ts';

/**
 * The account's home currency. Rates need a right of their own; HubSpot has already applied them in each deal's
 * `amount_in_home_currency`, which is mapped.
 */
export async function currenciesOfHubSpot(
  context: Context<HubSpotConfig>,
): Promise<{ home: string | null; rates: [] }> {
  const { companyCurrency } = await accountOf(context);
  return { home: companyCurrency ?? null, rates: [] };
}
