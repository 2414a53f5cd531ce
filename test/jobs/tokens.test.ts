import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OAuthSecret } from '../../connectors/contract.ts';
import { connectionOpener } from '../../jobs/connections.ts';
import { AuthError } from '../../src/errors.ts';
import {
  type ConnectionRow,
  getConnection,
  readSecret,
  saveConnection,
} from '../../src/store/connections.ts';
import { keyring } from '../../src/store/secrets.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { keepLog } from '../kept-log.ts';

const keys = keyring(Buffer.alloc(32, 7));
const SECRET_WORDS = ['canary-client-secret', 'canary-refresh-', 'canary-access-'];

let database: TestDatabase;
let crm: Server;
let url = '';
let row: ConnectionRow;
let accounts = 0;
/** What the token endpoint was asked with, and whether it lets us in. */
let exchanges: string[] = [];
let isShut = false;
const { log, text } = keepLog();

beforeAll(async () => {
  database = await openTestDatabase();
  crm = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', async () => {
      const refreshToken = new URLSearchParams(body).get('refresh_token') ?? '';
      exchanges.push(refreshToken);
      await sleep(80);
      response.setHeader('content-type', 'application/json');
      // A refresh token works once: its second use is refused, as where tokens rotate.
      if (isShut || exchanges.filter((used) => used === refreshToken).length > 1) {
        response
          .writeHead(400)
          .end(JSON.stringify({ error: 'invalid_grant', error_description: 'shut out' }));
        return;
      }
      const number = exchanges.length;
      response.end(
        JSON.stringify({
          access_token: `canary-access-${number}`,
          refresh_token: `canary-refresh-${number}`,
          expires_in: 1_800,
          token_type: 'bearer',
        }),
      );
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => crm.once('listening', resolve));
  url = `http://127.0.0.1:${(crm.address() as AddressInfo).port}`;
});
afterAll(async () => {
  crm.close();
  await database.close();
});

const secret = (expiresInMs: number): OAuthSecret => ({
  accessToken: 'canary-access-0',
  refreshToken: 'canary-refresh-0',
  expiresAt: new Date(Date.now() + expiresInMs).toISOString(),
  apiUrl: url,
});

async function connect(stored: OAuthSecret): Promise<void> {
  accounts += 1;
  row = await saveConnection(
    database.pool,
    database.tenant,
    keys,
    { system: 'hubspot', name: 'Portal', accountId: String(accounts), config: { apiUrl: url } },
    stored,
  );
}

beforeEach(() => {
  exchanges = [];
  isShut = false;
});
afterEach(() => {
  for (const word of SECRET_WORDS) expect(text()).not.toContain(word);
});

const app = { clientId: 'client', clientSecret: 'canary-client-secret' };
/** As a worker of its own has it: nothing is shared but the store. */
const opener = () =>
  connectionOpener({ pool: database.pool, keys, apps: { hubspot: app }, log })({
    tenant: database.tenant,
    asOf: new Date(),
    signal: new AbortController().signal,
  });

const storedToken = async () => (await readSecret(database.pool, keys, row, OAuthSecret))?.accessToken;

describe('a token that has expired', () => {
  it('is renewed once for fifty who ask at once in several workers, and is stored before anyone has it', async () => {
    await connect(secret(-1_000));
    const workers = [opener(), opener(), opener(), opener(), opener()];
    const asked = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const worker = workers[index % workers.length];
        const { context } = await (worker ?? opener()).open(row.id);
        const { accessToken } = await context.token();
        return { accessToken, stored: await storedToken() };
      }),
    );
    expect(exchanges).toEqual(['canary-refresh-0']);
    expect(new Set(asked.map(({ accessToken }) => accessToken))).toEqual(new Set(['canary-access-1']));
    expect(new Set(asked.map(({ stored }) => stored))).toEqual(new Set(['canary-access-1']));
    await Promise.all(workers.map((worker) => worker.close()));
  });

  it('is renewed by a call that counts among the calls of whoever made it, and not as a write', async () => {
    await connect(secret(-1_000));
    const worker = opener();
    const { context } = await worker.open(row.id);
    await context.token();
    await context.token();
    expect(worker.calls()).toEqual({ [`${row.id}.calls`]: 1 });
    await worker.close();
  });

  it('is renewed two minutes before, and not earlier', async () => {
    // Half a minute on either side, which no machine takes to come from here to there.
    for (const [expiresInMs, renewals] of [
      [119_000, 1],
      [150_000, 0],
    ] as const) {
      exchanges = [];
      await connect(secret(expiresInMs));
      const worker = opener();
      const { context } = await worker.open(row.id);
      await context.token();
      await context.token();
      await worker.close();
      expect(exchanges).toHaveLength(renewals);
    }
  });

  it('is renewed when the CRM refuses it early, once for all who were refused', async () => {
    await connect(secret(1_800_000));
    const workers = [opener(), opener()];
    const contexts = await Promise.all(workers.map(async (worker) => (await worker.open(row.id)).context));
    const tokens = await Promise.all(
      Array.from({ length: 10 }, async (_, index) => {
        const context = contexts[index % 2];
        return (await context?.token({ refused: 'canary-access-0' }))?.accessToken;
      }),
    );
    expect(exchanges).toHaveLength(1);
    expect(new Set(tokens)).toEqual(new Set(['canary-access-1']));
    await Promise.all(workers.map((worker) => worker.close()));
  });

  it('that the CRM will not renew marks the connection as needing a person, with what to do', async () => {
    await connect(secret(-1_000));
    isShut = true;
    const worker = opener();
    const { context } = await worker.open(row.id);
    await expect(context.token()).rejects.toThrow(AuthError);
    await worker.close();
    expect(await getConnection(database.pool, database.tenant, row.id)).toMatchObject({
      state: 'needs_you',
      reason: { code: 'token_revoked', action: expect.stringMatching(/Reconnect HubSpot/) },
    });
    expect(await storedToken()).toBe('canary-access-0');
  });

  it('without our registration at the CRM says which variables are missing', async () => {
    await connect(secret(-1_000));
    const worker = connectionOpener({ pool: database.pool, keys, apps: {}, log })({
      tenant: database.tenant,
      asOf: new Date(),
      signal: new AbortController().signal,
    });
    const { context } = await worker.open(row.id);
    await expect(context.token()).rejects.toMatchObject({
      code: 'no_app',
      action: expect.stringMatching(/HUBSPOT_CLIENT_ID and HUBSPOT_CLIENT_SECRET/),
    });
    await worker.close();
  });
});

describe('an account that refuses even a new token', () => {
  it('is marked after two tokens were refused in a row, and not for several calls with one', async () => {
    await connect(secret(1_800_000));
    const worker = opener();
    const { context } = await worker.open(row.id);
    const count = (status: number, accessToken = 'first') =>
      context.count({ budget: 'general', write: false, rows: 0, status, accessToken });
    count(401, 'older');
    count(200);
    count(401);
    count(401);
    count(401);
    await sleep(100);
    expect((await getConnection(database.pool, database.tenant, row.id)).state).toBe('connected');
    // The database does not take it just now: nothing breaks, and the next refusal is as good.
    await database.pool.query('alter table app.connection rename to away');
    count(401, 'second');
    await sleep(50);
    await database.pool.query('alter table app.away rename to connection');
    count(401, 'second');
    await worker.close();
    expect(await getConnection(database.pool, database.tenant, row.id)).toMatchObject({
      state: 'needs_you',
      reason: { code: 'unauthorized' },
    });
    expect(worker.calls()).toMatchObject({ [`${row.id}.calls`]: 7 });
  });

  it('is not what counts any more where somebody authorises the account anew meanwhile', async () => {
    for (const shut of [true, false]) {
      isShut = shut;
      await connect(secret(-1_000));
      const renewal = Promise.allSettled([(await opener().open(row.id)).context.token()]);
      while (exchanges.length === 0) await sleep(5);
      const anew = {
        ...secret(1_800_000),
        accessToken: 'canary-access-new',
        refreshToken: 'canary-refresh-new',
      };
      const { system, name, accountId, config } = row;
      await saveConnection(database.pool, database.tenant, keys, { system, name, accountId, config }, anew);
      await renewal;
      expect((await getConnection(database.pool, database.tenant, row.id)).state).toBe('connected');
      expect(await storedToken()).toBe('canary-access-new');
      exchanges = [];
    }
  });
});
