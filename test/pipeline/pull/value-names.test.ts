import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { changeConnection } from '../../../src/pipeline/connection/change-connection.ts';
import { pullSlice } from '../../../src/pipeline/pull/pull.ts';
import { listAttributes } from '../../../src/store/columns.ts';
import { dropConnectionRows } from '../../../src/store/connection-data.ts';
import { deleteConnection, getConnection } from '../../../src/store/connections.ts';
import { nameValues } from '../../../src/store/value-names.ts';
import { openTestDatabase, type TestDatabase } from '../../database.ts';
import { ArrayCrm } from '../array-crm.ts';
import { emptyTenant, runStage, setUp, type TestConnection, workOn } from '../stages.ts';

let db: TestDatabase;
let first: TestConnection;
let second: TestConnection;
beforeAll(async () => {
  db = await openTestDatabase();
});
afterAll(() => db.close());
beforeEach(async () => {
  await emptyTenant(db.pool, db.tenant);
  first = { id: 'hubspot', rank: 0, crm: offering({ tea: 'Tea time', bikes: 'Bikes' }) };
  second = { id: 'salesforce', rank: 1, crm: offering({ tea: 'Teas', golf: 'Golf' }) };
  await setUp(db.pool, db.tenant, [first, second]);
});

/** A CRM with these options of one property. */
function offering(names: Record<string, string>): ArrayCrm {
  const crm = new ArrayCrm();
  const options = Object.entries(names).map(([value, label]) => ({ value, label }));
  const property = {
    object: 'contact',
    label: '',
    type: 'enumeration',
    readOnly: false,
    ours: false,
  } as const;
  crm.properties = [{ ...property, name: 'interests', options }];
  return crm;
}

const pull = (connection: TestConnection) =>
  runStage(pullSlice, () => workOn(db.pool, db.tenant, [connection]));
const names = async (key = 'interests') =>
  (await listAttributes(db.pool, db.tenant)).find((one) => one.key === key)?.valueNames;
const leave = async (id: string) => {
  while ((await dropConnectionRows(db.pool, db.tenant, id, 100)) > 0);
  await deleteConnection(db.pool, db.tenant, id);
  await nameValues(db.pool, db.tenant);
};

describe('a value that two CRMs name differently', () => {
  it('has the name of the better ranked one, whichever was read last', async () => {
    const expected = { tea: 'Tea time', bikes: 'Bikes', golf: 'Golf' };
    for (const order of [
      [second, first],
      [first, second],
      [second, second],
    ]) {
      for (const connection of order) await pull(connection);
      expect(await names()).toEqual(expected);
    }
    const before = await getConnection(db.pool, db.tenant, 'hubspot');
    await changeConnection(db.pool, db.tenant, before, { rank: 2 });
    expect(await names()).toEqual({ ...expected, tea: 'Teas' });
    await pull(first);
    expect(await names()).toEqual({ ...expected, tea: 'Teas' });
  });

  it('has the name of the other one when the first leaves, and none when both did', async () => {
    await pull(first);
    await pull(second);
    await leave('hubspot');
    expect(await names()).toEqual({ tea: 'Teas', golf: 'Golf' });
    await leave('salesforce');
    expect(await names()).toBeUndefined();
  });
});
