import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  getConnection,
  readSecret,
  saveConnection,
  setConnectionState,
  withSecret,
} from '../../src/store/connections.ts';
import { adoptKey, refuseWrongKey } from '../../src/store/keys.ts';
import { keyring, seal, unseal } from '../../src/store/secrets.ts';
import { suppress, suppressedAmong, suppressionHash, suppressionKey } from '../../src/store/suppressions.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';

const place = { tenantId: 't1', connectionId: 'c1', field: 'secret' };
const Secret = z.object({ token: z.string() });
const [first, second, third] = [randomBytes(32), randomBytes(32), randomBytes(32)];

describe('a sealed secret', () => {
  const keys = keyring(first);

  it('opens in its place', () => {
    fc.assert(fc.property(fc.string(), (text) => unseal(keys, place, seal(keys, place, text)) === text));
  });

  it.each([
    { ...place, tenantId: 't2' },
    { ...place, connectionId: 'c2' },
    { ...place, field: 'other' },
    // the parts are not just joined
    { tenantId: 't1c1', connectionId: '', field: 'secret' },
  ])('does not open as %j', (moved) => {
    const sealed = seal(keys, place, 'token');
    expect(() => unseal(keys, moved, sealed)).toThrow("can't be read");
  });

  it('does not open with any bit flipped, nor cut short', () => {
    const sealed = seal(keys, place, 'token');
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => unseal(keys, place, changed)).toThrow("can't be read");
    }
    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => unseal(keys, place, sealed.subarray(0, length))).toThrow("can't be read");
    }
  });

  it('has another IV each time', () => {
    const ivs = new Set(
      Array.from({ length: 20_000 }, () => seal(keys, place, 'x').toString('base64', 9, 21)),
    );
    expect(ivs.size).toBe(20_000);
  });

  it('opens with an old key in the ring, and not without it', () => {
    const sealed = seal(keys, place, 'token');
    expect(unseal(keyring(second, [first]), place, sealed)).toBe('token');
    expect(() => unseal(keyring(second), place, sealed)).toThrow("can't be read");
  });
});

describe('secrets in the store', () => {
  let db: TestDatabase;
  const keys = keyring(first);
  const given = { id: 'c1', system: 'hubspot', name: 'Portal 1', accountId: '1' };

  beforeAll(async () => {
    db = await openTestDatabase();
    await adoptKey(db.pool, keys);
    await saveConnection(db.pool, db.tenant, keys, given, { token: 'a' });
  });
  afterAll(() => db.close());

  const read = (ring = keys) => readSecret(db.pool, ring, { tenantId: 't1', id: 'c1' }, Secret);

  it('are read back, and are not in the row in clear text', async () => {
    expect(await read()).toEqual({ token: 'a' });
    const { rows } = await db.pool.query<{ secret: Buffer }>('select secret from app.connection');
    expect(rows[0]?.secret.includes('token')).toBe(false);
  });

  it('change one at a time, so that a refresh happens once', async () => {
    const connection = await getConnection(db.pool, db.tenant, 'c1');
    let refreshes = 0;
    const refresh = () =>
      withSecret(db.pool, keys, connection, Secret, async (secret) => {
        if (secret.token !== 'a') return secret;
        refreshes += 1;
        await new Promise((resolve) => setTimeout(resolve, 10));
        return { token: 'b' };
      });
    const results = await Promise.all(Array.from({ length: 50 }, refresh));
    expect(refreshes).toBe(1);
    expect(results).toEqual(results.map(() => ({ token: 'b' })));
    expect(await read()).toEqual({ token: 'b' });
  });

  it('stay where the change fails, and the next may try', async () => {
    const connection = await getConnection(db.pool, db.tenant, 'c1');
    const failed = withSecret(db.pool, keys, connection, Secret, () =>
      Promise.reject(new Error('no answer')),
    );
    await expect(failed).rejects.toThrow('no answer');
    expect(await withSecret(db.pool, keys, connection, Secret, async () => ({ token: 'c' }))).toEqual({
      token: 'c',
    });
  });

  it('a wrong key is refused and changes nothing', async () => {
    const before = await db.pool.query('select secret from app.connection');
    await expect(refuseWrongKey(db.pool, keyring(second))).rejects.toMatchObject({
      code: 'encryption_key_wrong',
    });
    expect(await db.pool.query('select secret from app.connection')).toEqual(before);
    await refuseWrongKey(db.pool, keys);
  });

  it('are written again with a new key, after which the old one is not needed', async () => {
    const both = keyring(third, [first]);
    const suppressions = await suppressionKey(db.pool, keys);
    await refuseWrongKey(db.pool, both);
    // the check, the key of the suppression list, and one connection
    expect(await adoptKey(db.pool, both)).toBe(3);
    expect(await suppressionKey(db.pool, keyring(third))).toEqual(suppressions);
    expect(await adoptKey(db.pool, both)).toBe(0);
    await refuseWrongKey(db.pool, keyring(third));
    expect(await read(keyring(third))).toEqual({ token: 'c' });
    await expect(refuseWrongKey(db.pool, keys)).rejects.toMatchObject({ code: 'encryption_key_wrong' });
  });

  it('a suppressed person is known again by the e-mail, which is not kept', async () => {
    const key = await suppressionKey(db.pool, keyring(third));
    const hash = suppressionHash(key, db.tenant, 'ann@example.com');
    expect(await suppress(db.pool, db.tenant, [hash, hash], 'erased')).toBe(1);
    expect(await suppress(db.pool, db.tenant, [hash], 'erased')).toBe(0);
    const found = await suppressedAmong(db.pool, key, db.tenant, ['bob@example.com', 'ann@example.com']);
    expect([...found]).toEqual(['ann@example.com']);
    expect(await suppressedAmong(db.pool, key, { ...db.tenant, id: 't2' }, ['ann@example.com'])).toEqual(
      new Set(),
    );
  });

  it('a state keeps its first date while the reason stays', async () => {
    const reason = { code: 'revoked', message: 'HubSpot refused the token.', action: 'Reconnect.' };
    await setConnectionState(db.pool, db.tenant, 'c1', 'needs_you', reason);
    const { reason: one } = await getConnection(db.pool, db.tenant, 'c1');
    await new Promise((resolve) => setTimeout(resolve, 5));
    await setConnectionState(db.pool, db.tenant, 'c1', 'needs_you', reason);
    const { reason: two } = await getConnection(db.pool, db.tenant, 'c1');
    expect(two).toEqual(one);
    await setConnectionState(db.pool, db.tenant, 'c1', 'connected');
    expect(await getConnection(db.pool, db.tenant, 'c1')).toMatchObject({ state: 'connected', reason: null });
  });
});
