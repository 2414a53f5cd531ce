import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openQueueBackend } from '../../jobs/backend.ts';
import { connectionOpener } from '../../jobs/connections.ts';
import { readConfig } from '../../src/config.ts';
import { createLog } from '../../src/log.ts';
import type { Role } from '../../src/model/role.ts';
import { createServerApp } from '../../src/server/app.ts';
import type { ServerParts } from '../../src/server/parts.ts';
import type { WebFiles } from '../../src/server/web-files.ts';
import { ensureAccount, saveMember } from '../../src/store/accounts.ts';
import { keyring } from '../../src/store/secrets.ts';
import { beginSession, readSession } from '../../src/store/sessions.ts';
import type { Tenant } from '../../src/store/tenant.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';

/** Somebody with a session: what their browser sends along. */
export type Visitor = { email: string; cookie: string; csrf: string };

export type ServerRig = {
  url: string;
  database: TestDatabase;
  parts: ServerParts;
  /** Makes a member with that role and signs them in. */
  visitor(role: Role, tenant?: Tenant): Promise<Visitor>;
  /** A request as a browser on our own page would send it; `as` null for nobody. */
  ask(
    as: Visitor | null,
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Response>;
  close(): Promise<void>;
};

/** The real server on a port of its own, over a test database and the Postgres queue; no worker runs. */
export async function startServer(
  options: { env?: Record<string, string>; web?: WebFiles; parts?: Partial<ServerParts> } = {},
): Promise<ServerRig> {
  const database = await openTestDatabase();
  const { pool, tenant } = database;
  const log = createLog({ level: 'silent' });
  const config = readConfig({ ...options.env, PORT: '0' });
  const keys = keyring(Buffer.alloc(32, 7));
  const backend = await openQueueBackend({
    pool,
    databaseUrl: database.url ?? undefined,
    redis: { url: undefined, isVerified: true },
    onError: () => {},
  });
  const parts: ServerParts = {
    config,
    log,
    backend,
    store: { pool, keys, databaseUrl: database.url, stopped: new Promise(() => {}), close: async () => {} },
    openConnections: connectionOpener({
      pool,
      keys,
      apps: { hubspot: config.hubspot.app ?? undefined, salesforce: config.salesforce.app ?? undefined },
      log,
    }),
    publicUrl: 'http://localhost',
    probes: { store: async () => void (await pool.query('select 1')) },
    metrics: async () => ({}),
    ...options.parts,
  };
  const app = createServerApp(parts, options.web);
  const server: Server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://localhost:${(server.address() as AddressInfo).port}`;
  // The origin of our own pages has the port in it, which is known only now.
  if (!options.parts?.publicUrl) parts.publicUrl = url;
  let people = 0;
  return {
    url,
    database,
    parts,
    visitor: async (role, of = tenant) => {
      people += 1;
      const account = await ensureAccount(pool, { email: `${role}${people}@example.com` });
      await saveMember(pool, of, { accountId: account.id, role, addedBy: 'test' });
      const cookie = await beginSession(pool, { accountId: account.id, tenantId: of.id });
      const session = await readSession(pool, cookie);
      const name = parts.publicUrl.startsWith('https:') ? '__Host-session' : 'session';
      return { email: account.email, cookie: `${name}=${cookie}`, csrf: session?.csrf ?? '' };
    },
    ask: (as, method, path, body, headers = {}) =>
      fetch(url + path, {
        method,
        redirect: 'manual',
        headers: {
          ...(as && { cookie: as.cookie }),
          ...(as && method !== 'GET' && { 'x-csrf-token': as.csrf, origin: parts.publicUrl }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      await backend.close();
      await database.close();
    },
  };
}
