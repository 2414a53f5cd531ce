import { hostname } from 'node:os';
import type { Logger } from 'pino';
import {
  type Connector,
  type Context,
  type OAuthApp,
  OAuthSecret,
  type Token,
} from '../connectors/contract.ts';
import { connectorOf } from '../connectors/registry.ts';
import { AuthError } from '../src/errors.ts';
import type { Calls, ConnectionOpener } from '../src/pipeline/run.ts';
import type { OpenConnection } from '../src/pipeline/stage.ts';
import {
  type ConnectionRow,
  getConnection,
  readSecret,
  setConnectionState,
  withSecret,
} from '../src/store/connections.ts';
import type { Pool } from '../src/store/pool.ts';
import { noteReach, UNREACHABLE } from '../src/store/reach.ts';
import type { Keyring } from '../src/store/secrets.ts';
import type { Tenant } from '../src/store/tenant.ts';
import { OWN_BUDGET, ownBudget, ownCallsADay } from './budgets.ts';
import { SharedPace } from './pace.ts';

/** A token is renewed this long before it ends: clocks differ, and a call takes its time. */
const RENEW_BEFORE_MS = 120_000;

/** Tokens refused in a row after which a connection needs a person. */
const MOST_REFUSALS = 2;

/** Tries in a row without an answer after which its CRM counts as down; a short trouble is over before. */
const MOST_SILENCE = 3;

export type OpenerParts = {
  pool: Pool;
  keys: Keyring;
  /** Our registration at each system that has OAuth. */
  apps: Record<string, OAuthApp | undefined>;
  log: Logger;
};

let openers = 0;

/** Opens stored connections for a slice: the connector, with a context over the store. */
export function connectionOpener(parts: OpenerParts): ConnectionOpener {
  return ({ tenant, asOf, signal }) => {
    openers += 1;
    const holder = `${hostname()}/${process.pid}/${openers}`;
    const calls: Calls = {};
    const opened = new Map<string, Promise<{ connection: OpenConnection; close(): Promise<void> }>>();
    const open = async (id: string) => {
      const row = await getConnection(parts.pool, tenant, id);
      return openOne(parts, tenant, row, { asOf, signal, holder, calls });
    };
    return {
      open: async (id) => {
        const opening = opened.get(id) ?? open(id);
        opened.set(id, opening);
        return (await opening).connection;
      },
      calls: () => calls,
      close: async () => {
        // One that did not open has told why to whoever asked for it.
        for (const result of await Promise.allSettled(opened.values())) {
          if (result.status === 'fulfilled') await result.value.close();
        }
      },
    };
  };
}

type Scope = { asOf: Date; signal: AbortSignal; holder: string; calls: Calls };

async function openOne(parts: OpenerParts, tenant: Tenant, row: ConnectionRow, scope: Scope) {
  const connector: Connector = connectorOf(row.system);
  const ownLimit = await ownCallsADay(parts.pool, row.id);
  const budgets = { ...connector.budgets, ...(ownLimit !== null && { [OWN_BUDGET]: ownBudget(ownLimit) }) };
  const pace = new SharedPace(parts.pool, row.id, budgets, scope.holder);
  const add = (name: string, value: number) => {
    scope.calls[`${row.id}.${name}`] = (scope.calls[`${row.id}.${name}`] ?? 0) + value;
  };
  const config = connector.config.parse(row.config);
  const refused = new Set<string>();
  let marking: Promise<void> | undefined;
  // A new token that is refused as well: the account has shut us out, and calling on would count against us.
  // Tokens and not calls: several at once may be refused with the one that has just ended.
  const noteRefusal = (status: number, accessToken: string) => {
    if (status === 401) refused.add(accessToken);
    else refused.clear();
    if (refused.size < MOST_REFUSALS || marking) return;
    marking = setConnectionState(parts.pool, tenant, row.id, 'needs_you', shutOut(connector)).catch(
      (error: unknown) => {
        // The next refusal marks it.
        marking = undefined;
        parts.log.warn({ err: error, connection: row.id }, 'a connection that shuts us out was not marked');
      },
    );
  };
  let silence = 0;
  let isSilent = row.reason?.code === UNREACHABLE;
  let noting = Promise.resolve();
  // `status` is 0 where nothing came.
  const noteAnswer = (status: number) => {
    if (scope.signal.aborted) return;
    const isNone = status === 0 || status >= 500;
    silence = isNone ? silence + 1 : 0;
    if (isNone ? isSilent || silence < MOST_SILENCE : !isSilent) return;
    isSilent = isNone;
    const change = isNone ? noAnswer(connector) : null;
    noting = noting
      .then(() => noteReach(parts.pool, tenant, row.id, change))
      .catch((error: unknown) =>
        parts.log.warn({ err: error, connection: row.id }, 'whether a CRM answers was not noted'),
      );
  };
  // Token requests stand under no budget, but they are calls of ours all the same, each try of them.
  const countedFetch: typeof fetch = async (...request) => {
    add('calls', 1);
    const response = await fetch(...request).catch((error: unknown) => {
      noteAnswer(0);
      throw error;
    });
    noteAnswer(response.status);
    if (response.status === 429) add('throttled', 1);
    return response;
  };
  const context: Context = {
    config,
    fetch,
    token: tokenKeeper(parts, tenant, row, connector, scope.signal, countedFetch),
    pace: async (budget, cost = 1) => {
      // First, so that no permit of the CRM's own limit is held meanwhile.
      if (ownLimit !== null) await pace.take(OWN_BUDGET, cost, scope.signal);
      await pace.take(budget, cost, scope.signal);
    },
    report: (report) => pace.report(report),
    count: (call) => {
      pace.answered(call.budget);
      if (ownLimit !== null) pace.answered(OWN_BUDGET);
      add('calls', 1);
      if (call.write) add('writes', 1);
      if (call.status === 429) add('throttled', 1);
      noteRefusal(call.status, call.accessToken);
      noteAnswer(call.status);
    },
    asOf: scope.asOf,
    signal: scope.signal,
    log: parts.log.child({ connection: row.id }),
  };
  const connection: OpenConnection = {
    id: row.id,
    system: row.system,
    name: row.name,
    mode: row.mode,
    rank: row.rank,
    config: row.config,
    connector,
    context,
    revoke: async () => {
      const secret = await readSecret(parts.pool, parts.keys, row, OAuthSecret);
      const app = parts.apps[row.system];
      if (secret && app)
        await connector.revoke?.(app, secret, { config, fetch: countedFetch, signal: scope.signal });
    },
  };
  const close = async () => {
    await marking;
    await noting;
    await pace.close();
  };
  return { connection, close };
}

const noAnswer = (connector: Connector) => ({
  message: `${connector.name} can't be reached. Nothing is lost: what is to be read and written waits.`,
  action: `Nothing has to be done where ${connector.name} itself is down; it is tried again. Else look at this server's way to the internet.`,
});

const shutOut = (connector: Connector) => ({
  code: 'unauthorized',
  message: `${connector.name} refuses our token, and the new one as well. Nothing is lost; its work waits.`,
  action: `Reconnect ${connector.name} under Connections.`,
});

/**
 * Hands out the present token. It is renewed before it ends, once for all workers: the secret's lock is held,
 * what is stored is read again under it, and the new token is committed before anybody uses it. A refusal that is
 * final marks the connection, so that no more calls are made.
 */
function tokenKeeper(
  parts: OpenerParts,
  tenant: Tenant,
  row: ConnectionRow,
  connector: Connector,
  signal: AbortSignal,
  send: typeof fetch,
): Context['token'] {
  if (connector.auth === 'none') return async () => ({ accessToken: '', apiUrl: '' });
  const { refresh } = connector;
  let known: OAuthSecret | null = null;
  const isGood = (secret: OAuthSecret, refused?: string) => {
    if (secret.accessToken === refused) return false;
    return secret.expiresAt === null || Date.parse(secret.expiresAt) - Date.now() > RENEW_BEFORE_MS;
  };
  const toToken = ({ accessToken, apiUrl }: OAuthSecret): Token => ({ accessToken, apiUrl });
  return async (options) => {
    known ??= await readSecret(parts.pool, parts.keys, row, OAuthSecret);
    if (known && isGood(known, options?.refused)) return toToken(known);
    const app = parts.apps[row.system];
    if (!refresh || !app) {
      const error = noApp(connector);
      await setConnectionState(parts.pool, tenant, row.id, 'needs_you', whyOf(error));
      throw error;
    }
    known = await withSecret(
      parts.pool,
      parts.keys,
      row,
      OAuthSecret,
      async (stored) =>
        // Another worker may have renewed it while we waited.
        isGood(stored, options?.refused)
          ? stored
          : refresh(app, stored, {
              config: connector.config.parse(row.config),
              fetch: send,
              signal,
              now: new Date(),
            }),
      (error) => (error instanceof AuthError ? whyOf(error) : null),
    );
    return toToken(known);
  };
}

const whyOf = ({ code, message, action }: AuthError) => ({ code, message, action });

const noApp = (connector: Connector) =>
  new AuthError(
    'no_app',
    `There is no client id and secret for ${connector.name}, so its token can't be renewed.`,
    {
      action: `Set ${connector.key.toUpperCase()}_CLIENT_ID and ${connector.key.toUpperCase()}_CLIENT_SECRET.`,
    },
  );
