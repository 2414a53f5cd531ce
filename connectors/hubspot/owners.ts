import { z } from 'zod';
import { RemoteError } from '../../src/errors.ts';
import type { Context } from '../contract.ts';
import { API_VERSION, call } from './client.ts';
import type { HubSpotConfig } from './config.ts';

const PAGE = 500;
const Owners = z.object({
  results: z.array(
    z.object({
      id: z.coerce.string(),
      email: z.string().nullish(),
      firstName: z.string().nullish(),
      lastName: z.string().nullish(),
    }),
  ),
  paging: z.object({ next: z.object({ after: z.string() }).optional() }).optional(),
});

/** All owners with an address; none where the account did not grant the right to read them. */
export async function ownersOfHubSpot(
  context: Context<HubSpotConfig>,
): Promise<{ id: string; email: string; name: string }[]> {
  const found: { id: string; email: string; name: string }[] = [];
  let after: string | undefined;
  try {
    do {
      const query = { limit: PAGE, ...(after !== undefined && { after }) };
      const { data } = await call(
        context,
        { method: 'GET', path: `/crm/owners/${API_VERSION}`, query },
        Owners,
      );
      for (const { id, email, firstName, lastName } of data.results) {
        if (email) found.push({ id, email, name: [firstName, lastName].filter(Boolean).join(' ') });
      }
      after = data.paging?.next?.after;
    } while (after !== undefined);
  } catch (error) {
    if (error instanceof RemoteError && error.status === 403) return [];
    throw error;
  }
  return found;
}
