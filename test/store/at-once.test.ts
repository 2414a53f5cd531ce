import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalogue, findInCatalogue } from '../../src/segmentation/catalogue.ts';
import { ensureAccount, listMembers, removeMember, saveMember } from '../../src/store/accounts.ts';
import { changeBudget } from '../../src/store/budgets.ts';
import { addAttribute, addAttributes, listAttributes } from '../../src/store/columns.ts';
import { findAccount, saveConnection } from '../../src/store/connections.ts';
import { clearDirtyRecords, noteDirtyRecords, takeDirtyRecords } from '../../src/store/dirty.ts';
import { saveOwners } from '../../src/store/owners.ts';
import { transaction } from '../../src/store/pool.ts';
import { keyring } from '../../src/store/secrets.ts';
import { addSignInLink, takeSignInLink } from '../../src/store/sign-in-links.ts';
import { listTargets } from '../../src/store/targets.ts';
import { createTenant, emptyTenant, firstTenant, listTenants, type Tenant } from '../../src/store/tenant.ts';
import { addMissingIndexes } from '../../src/store/value-index.ts';
import { saveValueNames } from '../../src/store/value-names.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await openTestDatabase();
});
afterAll(() => db.close());

const atOnce = <T>(count: number, task: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => task(index)));

/** Does `other` over and over until `work` has ended, and once more. */
async function meanwhile(work: Promise<unknown>, other: () => Promise<unknown>): Promise<void> {
  let ended = false;
  const done = work.finally(() => {
    ended = true;
  });
  const going = (async () => {
    while (!ended) await other();
    await other();
  })();
  await Promise.all([done, going]);
}

describe('a tenant', () => {
  const read = (tenant: Tenant) => listTargets(db.pool, tenant);

  it('is met whole or not at all while it is made', async () => {
    for (let round = 0; round < 3; round += 1)
      await meanwhile(createTenant(db.pool, { id: `new${round}`, name: 'New' }), async () => {
        for (const tenant of await listTenants(db.pool)) expect(await read(tenant)).toEqual([]);
      });
  });

  it('is made once by programs that start at the same moment', async () => {
    await db.pool.query('delete from app.tenant');
    await db.pool.query(`drop schema ${db.tenant.schema} cascade`);
    const made = await atOnce(4, () => firstTenant(db.pool, { id: 't1', name: 'Test tenant' }));
    expect(made.map(({ id }) => id)).toEqual(['t1', 't1', 't1', 't1']);
    for (const tenant of made) expect(await read(tenant)).toEqual([]);
  });

  it('can be read at every moment while it is emptied, by two as well', async () => {
    for (let round = 0; round < 3; round += 1)
      await meanwhile(
        atOnce(2, () => emptyTenant(db.pool, db.tenant)),
        () => atOnce(3, () => read(db.tenant)),
      );
  });
});

describe('what several do at the same moment', () => {
  const connect = (id: string) =>
    db.pool.query(
      `insert into app.connection (id, tenant_id, system, name, account_id) values ($1, 't1', 'csv', $1, $1)`,
      [id],
    );

  it('makes an index once', async () => {
    const { schema } = db.tenant;
    const attribute = findInCatalogue('person', 'revenue_total')?.attribute;
    if (attribute === undefined) throw new Error('the catalogue has no revenue_total');
    await addAttribute(db.pool, db.tenant, attribute);
    for (let round = 0; round < 5; round += 1) {
      await db.pool.query(`drop index ${schema}.person_value`);
      const made = await atOnce(4, () => addMissingIndexes(db.pool, db.tenant));
      expect(made.flat()).toEqual(['person_value']);
    }
  });

  it('notes and clears the same records in whatever order they are told', async () => {
    const ids = Array.from({ length: 300 }, (_, index) => `r${index}`);
    const place = { connectionId: 'c', object: 'contact' } as const;
    for (let round = 0; round < 3; round += 1) {
      await atOnce(6, (index) =>
        noteDirtyRecords(db.pool, db.tenant, { ...place, ids: index % 2 ? ids : [...ids].reverse() }),
      );
      const notes = await takeDirtyRecords(db.pool, db.tenant, { ...place, limit: 300 });
      await atOnce(6, async (index) => {
        await clearDirtyRecords(db.pool, db.tenant, {
          ...place,
          notes: index % 2 ? notes : notes.toReversed(),
        });
        await noteDirtyRecords(db.pool, db.tenant, { ...place, ids: ids.slice(index * 40).reverse() });
      });
    }
  });

  it('replaces the owners of a CRM, whoever was told of others', async () => {
    const owner = (id: number) => ({ id: `o${id}`, email: `o${id}@example.com`, name: '' });
    for (let round = 0; round < 5; round += 1)
      await atOnce(4, (index) =>
        saveOwners(
          db.pool,
          db.tenant,
          'c',
          Array.from({ length: 30 }, (_, place) => owner((place * 7 + index * 3) % 40)),
        ),
      );
  });

  it('names the values of attributes for several connections, while attributes are added again', async () => {
    await atOnce(2, (index) => connect(`names${index}`));
    const entries = catalogue.filter(({ attribute }) => attribute.owner === 'person').slice(0, 30);
    const attributes = entries.map(({ attribute }) => attribute);
    await addAttributes(db.pool, db.tenant, attributes);
    const names = (value: string) =>
      attributes.map(({ owner, key }) => ({ owner, key, valueNames: { [value]: `Name of ${value}` } }));
    for (let round = 0; round < 8; round += 1)
      await Promise.all([
        addAttributes(db.pool, db.tenant, attributes.toReversed()),
        atOnce(6, (index) => {
          const given = names(`v${round}_${index}`);
          return transaction(db.pool, (client) =>
            saveValueNames(client, db.tenant, `names${index % 2}`, index % 3 ? given : given.toReversed()),
          );
        }),
      ]);
    for (const { owner, key, valueNames } of await listAttributes(db.pool, db.tenant))
      if (owner === 'person' && attributes.some((one) => one.key === key))
        expect(Object.keys(valueNames ?? {})).toHaveLength(8 * 6);
  });

  it('saves an account for one of the companies that connect it', async () => {
    await db.pool.query(`insert into app.tenant (id, name) values ('t2', 'Other') on conflict do nothing`);
    for (let round = 0; round < 5; round += 1) {
      const accountId = `account${round}`;
      const saved = await Promise.allSettled(
        ['t1', 't2'].map((id) =>
          saveConnection(
            db.pool,
            { ...db.tenant, id },
            keyring(Buffer.alloc(32, 7)),
            { system: 'csv', name: accountId, accountId },
            null,
            async (client) => {
              if ((await findAccount(client, 'csv', accountId)).length > 0) throw new Error('taken');
            },
          ),
        ),
      );
      expect(saved.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    }
  });

  it('takes somebody out who is coming in by a link', async () => {
    for (let round = 0; round < 5; round += 1) {
      const email = `p${round}@example.com`;
      const { id } = await ensureAccount(db.pool, { email });
      await saveMember(db.pool, db.tenant, { accountId: id, role: 'viewer', addedBy: 'test' });
      const link = { tenantId: 't1', email, role: 'viewer', createdBy: 'test', hours: 1 } as const;
      const links = await atOnce(3, () => addSignInLink(db.pool, link));
      await Promise.all([
        ...links.map((token) => takeSignInLink(db.pool, token)),
        removeMember(db.pool, db.tenant, id),
      ]);
      for (const token of links) expect(await takeSignInLink(db.pool, token)).toBeNull();
    }
    expect(await listMembers(db.pool, db.tenant)).toBeInstanceOf(Array);
  });

  // On an embedded store budgets are kept in memory.
  it.runIf(process.env.TEST_DATABASE_URL)(
    'counts calls to a connection that goes, or says that it is gone',
    async () => {
      for (let round = 0; round < 5; round += 1) {
        await connect('going');
        const count = () =>
          changeBudget<{ n: number }, null>(
            db.pool,
            { connectionId: 'going', name: `b${round}` },
            (state) => ({
              state: { n: (state?.n ?? 0) + 1 },
              answer: null,
            }),
          );
        const [, ...counted] = await Promise.allSettled([
          db.pool.query(`delete from app.connection where id = 'going'`),
          ...Array.from({ length: 6 }, count),
        ]);
        for (const one of counted)
          if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'connection_unknown' });
      }
    },
  );
});
