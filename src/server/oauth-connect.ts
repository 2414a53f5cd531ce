import type { Request } from 'express';
import type { OAuthSecret } from '../../connectors/contract.ts';
import { connectorOf } from '../../connectors/registry.ts';
import { ConflictError, PermissionError } from '../errors.ts';
import { type Connected, connectAccount } from '../pipeline/connection/connect.ts';
import { addAudit } from '../store/audit.ts';
import { findAccount } from '../store/connections.ts';
import { migrateTenant, type Tenant } from '../store/tenant.ts';
import { actorOf, requirePermission } from './actor.ts';
import type { Answer } from './oauth.ts';
import { redirectUri } from './oauth-begin.ts';
import { appOf } from './oauth-systems.ts';
import type { ServerParts } from './parts.ts';
import { withQuery } from './return-paths.ts';

const EXCHANGE_MS = 30_000;

/** Ends an authorisation that an admin began under Connections. Answers where the browser goes on. */
export async function finishConnect(parts: ServerParts, request: Request, answer: Answer): Promise<string> {
  const { pending, tenantId } = answer.taken;
  const actor = await actorOf(parts, request);
  if (actor.id !== pending.accountId || actor.tenantId !== tenantId) {
    throw new PermissionError(
      'session_changed',
      'Somebody else is signed in now than when this was begun. Nothing was stored.',
      { action: 'Begin again under Connections.' },
    );
  }
  requirePermission(actor, 'administer');
  const tenant = await migrateTenant(parts.store.pool, actor.tenantId);
  const secret = await exchange(parts, answer);
  const { connection } = await store(parts, tenant, answer, secret, {
    by: actor.name,
    origin: request.ip,
  });
  return withQuery(pending.returnTo, 'connected', connection.id);
}

/** The code becomes tokens, once. */
export function exchange(parts: ServerParts, { system, code, taken }: Answer): Promise<OAuthSecret> {
  const connector = connectorOf(system);
  if (!connector.authorize) throw new TypeError(`${system} has no authorisation`);
  return connector.authorize.exchange(appOf(parts.config, connector), {
    config: connector.config.parse(taken.pending.config),
    code,
    redirectUri: redirectUri(parts, system),
    verifier: taken.pending.verifier,
    fetch,
    signal: AbortSignal.timeout(EXCHANGE_MS),
    now: new Date(),
  });
}

/** Tokens become a checked connection, unless the account is another company's or not the one that was meant. */
export async function store(
  parts: ServerParts,
  tenant: Tenant,
  { system, taken: { pending } }: Answer,
  secret: OAuthSecret,
  who: { by: string; origin: string | undefined },
): Promise<Connected> {
  const { pool, keys } = parts.store;
  const connector = connectorOf(system);
  let isNew = true;
  const connected = await connectAccount(
    { pool, tenant, keys, log: parts.log },
    {
      system,
      config: pending.config,
      secret,
      app: appOf(parts.config, connector),
      mode: pending.mode,
      mayConnect: async (account, db) => {
        const known = await findAccount(db, system, account.id);
        const own = known.find(({ tenantId }) => tenantId === tenant.id);
        if (!own && known.length > 0) throw elsewhere(account.name);
        if (pending.connectionId !== null && own?.id !== pending.connectionId) throw other(account.name);
        isNew = own === undefined;
        return { name: own?.name };
      },
    },
  );
  const { connection, checks } = connected;
  await addAudit(pool, tenant, {
    actor: who.by,
    origin: who.origin,
    action: isNew ? 'connection.connect' : 'connection.reconnect',
    subject: connection.id,
    after: {
      name: connection.name,
      mode: connection.mode,
      account: connection.accountId,
      scopes: secret.scopes,
      failed: checks.filter(({ ok }) => !ok).map(({ code }) => code),
    },
  });
  return connected;
}

const elsewhere = (name: string) =>
  new ConflictError(
    'account_elsewhere',
    `${name} is connected to another company here. Nothing was stored.`,
    {
      action: 'Disconnect it there first, or choose another account.',
    },
  );

const other = (name: string) =>
  new ConflictError('account_other', `You allowed ${name}, which is another account. Nothing was stored.`, {
    action: 'Reconnect again and choose the account that the connection is to.',
  });
