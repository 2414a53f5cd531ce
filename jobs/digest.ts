import { sendMail } from '../src/mail.ts';
import { weekOf } from '../src/pipeline/plays/week.ts';
import { listConnections, saveDealNames } from '../src/store/connections.ts';
import { claimDigest, membersToTell, saveOwners } from '../src/store/owners.ts';
import { migrateTenant, type Tenant } from '../src/store/tenant.ts';
import { readDigest } from '../src/views/digest.ts';
import type { JobContext } from './index.ts';

/**
 * Once a day and tenant: who owns what in the CRMs, and what they call pipelines and stages. A CRM that does not answer
 * keeps what is known of it.
 */
export async function readOwners(payload: { tenantId: string }, context: JobContext) {
  const tenant = await migrateTenant(context.pool, payload.tenantId);
  await refreshOwners(tenant, context);
  return undefined;
}

/** Once a week and tenant: each owner's own customers, by mail, to members who did not turn it off. */
export async function digest(payload: { tenantId: string }, context: JobContext) {
  const { pool, notify, log } = context;
  if (notify?.config.mail.smtpUrl === undefined) return undefined;
  const tenant = await migrateTenant(pool, payload.tenantId);
  await refreshOwners(tenant, context);
  const at = new Date();
  const week = weekOf(tenant, at);
  let sent = 0;
  for (const { accountId, email } of await membersToTell(pool, tenant, week)) {
    if (context.signal.aborted) return { againInMs: 0 };
    const found = await readDigest(pool, tenant, email, { at, publicUrl: notify.publicUrl });
    // Claimed before it is sent: a mail too few once in a while, never one too many.
    if (!(await claimDigest(pool, tenant, accountId, week)) || found === null) continue;
    if (await sendMail(notify, { to: email, ...found })) sent += 1;
  }
  log.info({ tenant: tenant.id, sent }, 'digests sent');
  return undefined;
}

async function refreshOwners(
  tenant: Tenant,
  { pool, openConnections, signal, log }: JobContext,
): Promise<void> {
  const opened = openConnections({ tenant, asOf: new Date(), signal });
  try {
    for (const { id, state } of await listConnections(pool, tenant)) {
      if (state !== 'connected') continue;
      try {
        const { connector, context } = await opened.open(id);
        if (connector.owners) await saveOwners(pool, tenant, id, await connector.owners(context));
        if (connector.dealNames) await saveDealNames(pool, tenant, id, await connector.dealNames(context));
      } catch (error) {
        log.warn(
          { err: error, tenant: tenant.id, connection: id },
          'the owners and names are those of yesterday',
        );
      }
    }
  } finally {
    await opened.close();
  }
}
