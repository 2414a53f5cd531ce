import type { Logger } from 'pino';
import { memoryContext } from '../../../connectors/context.ts';
import type { CheckItem, OAuthApp, OAuthSecret, Property } from '../../../connectors/contract.ts';
import { connectorOf } from '../../../connectors/registry.ts';
import { ConflictError, InputError } from '../../errors.ts';
import { catalogue } from '../../segmentation/catalogue.ts';
import { type ConnectionRow, findAccount, saveConnection, saveDealNames } from '../../store/connections.ts';
import { listMappings } from '../../store/mappings.ts';
import type { Pool, Queryable } from '../../store/pool.ts';
import type { Keyring } from '../../store/secrets.ts';
import type { Tenant } from '../../store/tenant.ts';
import { addMissingTargets } from '../publish/publish.ts';
import { mapConnection } from '../publish/setup.ts';
import { checkScopes, preflight } from './preflight.ts';

export type ConnectRequest = {
  system: string;
  /** The connector's own settings. */
  config: Record<string, unknown>;
  /** Absent where the system needs no authorisation. */
  secret?: OAuthSecret;
  app?: OAuthApp | undefined;
  mode?: 'production' | 'test';
  /** What people call it; the account's own name if left out. */
  name?: string;
  /**
   * Asked once it is known which account this is, before anything is stored, and again as it is stored; throws where
   * it may not be connected here. Answers the name that people gave it before, if they did.
   */
  mayConnect?: (
    account: { id: string; name: string },
    db: Queryable,
  ) => Promise<{ name?: string | undefined }>;
};

export type Connected = {
  connection: ConnectionRow;
  checks: CheckItem[];
  /** Attributes that are fed now, as `contact.email`. */
  mapped: string[];
  /** Standard attributes that this account has no property for, likewise. */
  missing: string[];
};

/**
 * From a token to a checked connection: who is this, may we do what we must, which properties feed which
 * attributes. Connecting an account again renews its token and keeps everything else.
 * @throws ConflictError where the account is being disconnected
 */
export async function connectAccount(
  parts: { pool: Pool; tenant: Tenant; keys: Keyring; log: Logger },
  request: ConnectRequest,
): Promise<Connected> {
  const { pool, tenant, keys, log } = parts;
  const connector = connectorOf(request.system);
  if (connector.auth === 'oauth2' && !request.secret) {
    throw new InputError('secret_missing', `${connector.name} needs an authorisation.`, {
      action: `Run \`connect ${connector.key}\` and follow the address it shows.`,
    });
  }
  const config = connector.config.parse(request.config) as Record<string, unknown>;
  const context = memoryContext({ connector, config, secret: request.secret, app: request.app, log });
  const account = await connector.identify(context);
  await refuseLeaving(pool, tenant, connector.key, account);
  const known = await request.mayConnect?.(account, pool);
  const properties: Property[] = [];
  for (const object of connector.objects)
    properties.push(...((await connector.discover?.(context, object)) ?? []));
  const connection = await saveConnection(
    pool,
    tenant,
    keys,
    {
      system: connector.key,
      name: request.name ?? known?.name ?? account.name,
      mode: request.mode,
      accountId: account.id,
      config: { ...config, webUrl: context.secret()?.apiUrl },
    },
    // A token that was renewed meanwhile is the one to keep.
    context.secret() ?? null,
    // Another company may have connected it while the CRM was asked, or ours have begun to leave it.
    async (client) => {
      await refuseLeaving(client, tenant, connector.key, account);
      await request.mayConnect?.(account, client);
    },
  );
  if (connector.dealNames)
    await saveDealNames(pool, tenant, connection.id, await connector.dealNames(context));
  const { missing } = await mapConnection(
    pool,
    tenant,
    connection,
    catalogue,
    connector.discover ? properties : undefined,
  );
  const mappings = await listMappings(pool, tenant, { connectionId: connection.id });
  const checks = [
    ...checkScopes(connector, context.secret()),
    ...(await preflight(pool, tenant, { id: connection.id, connector, context })),
  ];
  await addMissingTargets(pool, tenant);
  return {
    connection,
    checks,
    mapped: mappings.map(({ object, attribute }) => `${object}.${attribute}`),
    missing: missing.map(({ object, attribute }) => `${object}.${attribute}`),
  };
}

/** What is leaving is cleared in the CRM and here, until its end: a token that came meanwhile would stop it half-way. */
async function refuseLeaving(
  db: Queryable,
  tenant: Tenant,
  system: string,
  account: { id: string; name: string },
): Promise<void> {
  const known = await findAccount(db, system, account.id);
  if (!known.some(({ tenantId, state }) => tenantId === tenant.id && state === 'disconnected')) return;
  throw new ConflictError(
    'account_leaving',
    `${account.name} is being disconnected at this moment. Nothing was stored.`,
    { action: 'Connect it again when that has ended; Connections shows how far it is.' },
  );
}
