import { z } from 'zod';
import { RemoteError } from '../../src/errors.ts';
import type { Context } from '../contract.ts';
import { API_VERSION } from './app.ts';
import { call } from './client.ts';
import type { SalesforceConfig } from './config.ts';

const Versions = z.array(z.object({ version: z.string() }));

/**
 * What a refused first call may mean: orgs get new versions on days of their own, and lose old ones after years.
 * https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/dome_versions.htm
 * @throws RemoteError where the org does not have the version that we speak, saying which it has
 */
export async function refuseUnknownVersion(context: Context<SalesforceConfig>): Promise<void> {
  const { data } = await call(context, { method: 'GET', path: '/services/data' }, Versions);
  const known = data.map(({ version }) => version);
  if (known.length === 0 || known.includes(API_VERSION)) return;
  const numbers = known.map(Number);
  const [oldest, newest] = [Math.min(...numbers), Math.max(...numbers)];
  throw new RemoteError(
    'api_version_unknown',
    `The Salesforce org offers API versions ${oldest.toFixed(1)} to ${newest.toFixed(1)}, and this release of Segment Sync needs ${API_VERSION}. Nothing was read or written.`,
    {
      status: 404,
      action:
        newest < Number(API_VERSION)
          ? 'Wait until Salesforce has upgraded the org (Setup, Company Information, and status.salesforce.com say when), then try again.'
          : 'Update Segment Sync to a newer release.',
    },
  );
}
