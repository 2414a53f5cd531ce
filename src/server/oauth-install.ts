import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';
import { connectorOf } from '../../connectors/registry.ts';
import { ConflictError, PermissionError } from '../errors.ts';
import { ensureAccount, listMembers, membershipsOf, saveMember } from '../store/accounts.ts';
import { findAccount } from '../store/connections.ts';
import { createTenant, dropTenant, migrateTenant } from '../store/tenant.ts';
import type { Answer } from './oauth.ts';
import { exchange, store } from './oauth-connect.ts';
import { appOf } from './oauth-systems.ts';
import type { ServerParts } from './parts.ts';
import { withQuery } from './return-paths.ts';
import { startSession } from './start-session.ts';

/**
 * Ends an installation from the marketplace, with nobody signed in. A new account gets a company of its own, with
 * the installer as its admin; an account that is here already only lets in who is its admin already: rights in a CRM
 * give none here.
 */
export async function finishInstall(
  parts: ServerParts,
  http: { request: Request; response: Response },
  answer: Answer,
): Promise<string> {
  const { pool } = parts.store;
  const connector = connectorOf(answer.system);
  const secret = await exchange(parts, answer);
  const who = await connector.authorize?.installer?.(appOf(parts.config, connector), secret, {
    config: connector.config.parse(answer.taken.pending.config),
    fetch,
    signal: AbortSignal.timeout(30_000),
  });
  if (!who) throw new TypeError(`${answer.system} does not say who installs`);
  const by = { by: who.email, origin: http.request.ip };
  const [known] = await findAccount(pool, answer.system, who.accountId);
  if (known) {
    const tenant = await migrateTenant(pool, known.tenantId);
    const member = (await membershipsOf(pool, who.email)).find(
      ({ tenantId, role }) => tenantId === tenant.id && role === 'admin',
    );
    if (!member) {
      const admins = await adminsOf(parts, known.tenantId);
      throw admins.length > 0 ? notAdmin(known.name, admins) : underWay(known.name);
    }
    const { connection } = await store(parts, tenant, answer, secret, by);
    await startSession(parts, http, { accountId: member.accountId, tenantId: tenant.id });
    return withQuery(answer.taken.pending.returnTo, 'connected', connection.id);
  }
  const tenant = await createTenant(pool, {
    id: `t${randomBytes(8).toString('hex')}`,
    name: `${connector.name} account ${who.accountId}`,
  });
  try {
    const { connection } = await store(parts, tenant, answer, secret, by);
    const account = await ensureAccount(pool, { email: who.email });
    await saveMember(pool, tenant, { accountId: account.id, role: 'admin', addedBy: 'install' });
    await startSession(parts, http, { accountId: account.id, tenantId: tenant.id });
    return withQuery(answer.taken.pending.returnTo, 'connected', connection.id);
  } catch (error) {
    // Half a company would keep the account from being installed again.
    await dropTenant(pool, tenant);
    const isSecond = error instanceof ConflictError && error.code === 'account_elsewhere';
    throw isSecond ? underWay(tenant.name) : error;
  }
}

async function adminsOf(parts: ServerParts, tenantId: string): Promise<string[]> {
  const members = await listMembers(parts.store.pool, { id: tenantId });
  return members.filter(({ role }) => role === 'admin').map(({ email }) => email);
}

const notAdmin = (name: string, admins: string[]) =>
  new PermissionError(
    'not_admin_here',
    `${name} is connected already, and you are not an admin of it here. You are not signed in, and nothing was changed.`,
    { action: `Ask for an invitation: ${admins.join(', ')}.` },
  );

/** The company that another installation is making has nobody in it until that has ended. */
const underWay = (name: string) =>
  new ConflictError(
    'install_under_way',
    `${name} is being installed at this moment, by you or a colleague.`,
    {
      action: 'Install it again in a minute: you are let in then, or told whom to ask.',
    },
  );
