import { z } from 'zod';
import { connectionOpener } from '../../jobs/connections.ts';
import { type HubspotOptions, type HubspotSandbox, startHubspot } from '../../sandbox/hubspot/index.ts';
import {
  type SalesforceOptions,
  type SalesforceSandbox,
  startSalesforce,
} from '../../sandbox/salesforce/index.ts';
import { Browser } from './browser.ts';
import { crmEnv } from './crm-env.ts';
import { type ServerRig, startServer, type Visitor } from './rig.ts';

export type OAuthRig = ServerRig & { hubspot: HubspotSandbox; salesforce: SalesforceSandbox };

/** The server with the stand-in CRMs as its CRMs, over real HTTP. */
export async function startOAuthServer(
  options: { env?: Record<string, string>; hubspot?: HubspotOptions; salesforce?: SalesforceOptions } = {},
): Promise<OAuthRig> {
  const [hubspot, salesforce] = await Promise.all([
    startHubspot(options.hubspot),
    startSalesforce(options.salesforce ?? {}),
  ]);
  const rig = await startServer({
    parts: { isUnlimited: true },
    env: {
      ...crmEnv(hubspot, salesforce),
      ...options.env,
    },
  });
  rig.parts.openConnections = connectionOpener({
    pool: rig.database.pool,
    keys: rig.parts.store.keys,
    apps: { hubspot: hubspot.app, salesforce: salesforce.app },
    log: rig.parts.log,
  });
  return {
    ...rig,
    hubspot,
    salesforce,
    close: async () => {
      await rig.close();
      await Promise.all([hubspot.stop(), salesforce.stop()]);
    },
  };
}

const Url = z.object({ url: z.string() });

/** Clicks "connect": answers the address that the browser comes back to from the CRM, not yet visited. */
export async function authorise(
  browser: Browser,
  as: Visitor,
  system: string,
  body: Record<string, unknown> = {},
): Promise<URL> {
  const answer = await browser.send(as, 'POST', `/api/connections/${system}/authorize`, body);
  if (!answer.ok) throw new Error(await answer.text());
  return backFrom(await fetch(Url.parse(await answer.json()).url, { redirect: 'manual' }));
}

/** Where a CRM sends the browser. */
export function backFrom(response: Response): URL {
  return new URL(response.headers.get('location') ?? '');
}

/** Connects an account to the end, and answers its id. */
export async function connect(rig: OAuthRig, as: Visitor, system: string): Promise<string> {
  const browser = new Browser(rig, as);
  const back = await authorise(browser, as, system);
  const done = await browser.visit(back.href);
  const location = new URL(done.headers.get('location') ?? '', rig.url);
  return location.searchParams.get('connected') ?? '';
}

/** Every secret that is stored. */
export async function secrets(rig: OAuthRig): Promise<number> {
  const { rows } = await rig.database.pool.query<{ count: number }>(
    'select count(secret)::int as count from app.connection',
  );
  return rows[0]?.count ?? 0;
}
