import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkCsvFiles, lastDealDay } from '../../src/cli/demo/csv.ts';

const HEADER = 'contact_id,email,first_name,last_name,created_at\n';
const DEALS = 'deal_id,contact_id,amount,currency,stage,closed_at\n1,1,5,USD,closedwon,2026-01-01\n';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'demo-csv-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The two files, in a folder of their own and under names of their own. */
async function files(name: string, contacts: string | Buffer | undefined, deals: string) {
  await mkdir(join(folder, name));
  const [people, orders] = [join(folder, name, 'people.csv'), join(folder, name, 'orders.csv')];
  if (contacts !== undefined) await writeFile(people, contacts);
  await writeFile(orders, deals);
  return [people, orders] as const;
}

test.each([
  ['missing', undefined, DEALS, /There is no file .*people\.csv/],
  ['twice', `${HEADER}1,,,,\n1,,,,\n`, DEALS, /people\.csv, line 3, column "contact_id".*line 2/],
  ['undated', `${HEADER}1,,,,\n`, DEALS.replace('2026', '26'), /orders\.csv, line 2, column "closed_at"/],
  ['encoded', Buffer.from(`${HEADER}1,,Jos\xe9,,\n`, 'latin1'), DEALS, /people\.csv, line 2: .*UTF-8/],
  ['short', 'contact_id,email\n1,a@x.org\n', DEALS, /people\.csv, line 1.*first_name/],
])(
  'a file for the demo that no CRM could hold is told by file, line and column (%s)',
  async (name, contacts, deals, said) => {
    await expect(checkCsvFiles(...(await files(name, contacts, deals)))).rejects.toThrow(said);
  },
);

test('a folder in the place of a file is told by its path', async () => {
  const [, orders] = await files('folder', `${HEADER}1,,,,\n`, DEALS);
  await expect(checkCsvFiles(join(folder, 'folder'), orders)).rejects.toMatchObject({
    code: 'csv_unreadable',
    message: expect.stringContaining(join(folder, 'folder')),
  });
});

test('two good files pass, and the demo counts from the day after the last deal', async () => {
  const [people, orders] = await files('good', `${HEADER}1,,,,\n`, DEALS);
  await checkCsvFiles(people, orders);
  expect(await lastDealDay(orders)).toEqual(new Date('2026-01-02T00:00:00Z'));
});
