import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryContext } from '../../connectors/context.ts';
import type { Json, Page, PullMode, Write } from '../../connectors/contract.ts';
import csv from '../../connectors/csv/index.ts';
import { readRows } from '../../connectors/csv/rows.ts';
import { CONTACTS as CONTACTS_TABLE } from '../../connectors/csv/tables.ts';
import type { ObjectType } from '../../src/model/record.ts';
import { conformance } from './conformance.ts';
import { labelTarget } from './conformance-rig.ts';
import { csvRig } from './csv-rig.ts';

conformance('CSV', csvRig, {
  seed: { contacts: 5_000, companies: 0, deals: 100 },
  objects: ['contact', 'deal'],
  findsDeletes: false,
  target: 'file',
  many: true,
});

const CONTACTS = 'contact_id,email,first_name,last_name,created_at\n';
const DEALS = 'deal_id,contact_id,amount,currency,stage,closed_at\n';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'csv-'));
  await writeFile(join(folder, 'contacts.csv'), `${CONTACTS}1,ann@example.com,Ann,Arbor,2024-01-01\n`);
  await writeFile(join(folder, 'deals.csv'), `${DEALS}1,1,12.50,USD,closedwon,2024-02-29\n`);
});
afterEach(() => rm(folder, { recursive: true }));

const contextOf = () => memoryContext({ connector: csv, config: { folder } });

const read = async (
  object: ObjectType,
  mode: PullMode = 'full',
  cursor: Json = null,
  properties: string[] = [],
) => {
  const pages: Page[] = [];
  for await (const page of csv.pull(contextOf(), { object, mode, cursor, properties })) pages.push(page);
  return { records: pages.flatMap((page) => page.records), cursor: pages.at(-1)?.cursor ?? null, pages };
};

describe('bad input', () => {
  const cases: [name: string, file: string, content: string | Buffer, message: RegExp, action: RegExp][] = [
    [
      'a missing column',
      'deals.csv',
      'deal_id,contact_id,amount\n',
      /deals\.csv, line 1, column "currency": there is no column "currency", "stage", "closed_at"/,
      /first line must name the columns/,
    ],
    ['an empty file', 'contacts.csv', '', /contacts\.csv, line 1: the file is empty/, /contact_id,email/],
    [
      'a wrong number',
      'deals.csv',
      `${DEALS}1,1,1,USD,won,2024-01-01\n2,1,"12,50",USD,won,2024-01-01\n`,
      /deals\.csv, line 3, column "amount": "12,50" is no number/,
      /1234\.50/,
    ],
    [
      'a wrong date',
      'deals.csv',
      `${DEALS}1,1,1,USD,won,2024-02-30\n`,
      /line 2, column "closed_at": "2024-02-30" is no date/,
      /2026-01-31/,
    ],
    [
      'a wrong currency',
      'deals.csv',
      `${DEALS}1,1,1,dollars,won,2024-02-01\n`,
      /line 2, column "currency"/,
      /ISO 4217/,
    ],
    [
      'an id that is there twice',
      'contacts.csv',
      `${CONTACTS}1,a@example.com,,,\n2,,,,\n1,b@example.com,,,\n`,
      /line 4, column "contact_id": "1" is on line 2 already/,
      /id of its own/,
    ],
    [
      'an empty id',
      'contacts.csv',
      `${CONTACTS},a@example.com,,,\n`,
      /line 2, column "contact_id": "" is no id/,
      /id of its own/,
    ],
    [
      'a row that is too short',
      'contacts.csv',
      `${CONTACTS}1,a@example.com\n`,
      /line 2: the row has 2 values for 5 columns/,
      /double quotes/,
    ],
    [
      'a quote that is not closed',
      'contacts.csv',
      `${CONTACTS}1,a@example.com,"Ann,,\n2,,,,\n`,
      /line 2.*CSV_QUOTE_NOT_CLOSED/,
      /Close every double quote/,
    ],
    [
      'text that is not UTF-8',
      'contacts.csv',
      Buffer.concat([
        Buffer.from(`${CONTACTS}1,a@example.com,Ann,,\n2,,J`),
        Buffer.from([0xfc]),
        Buffer.from('rgen,,\n'),
      ]),
      /line 3: the text is not UTF-8/,
      /CSV UTF-8/,
    ],
    [
      'a column that is there twice',
      'contacts.csv',
      `${CONTACTS.trim()},email\n`,
      /column "email": the column is there twice/,
      /Rename/,
    ],
    [
      'attributes without an address',
      'attributes.csv',
      'email,score\nnobody,1\n',
      /attributes\.csv, line 2, column "email": "nobody" is no e-mail/,
      /one address/,
    ],
  ];

  it.each(cases)(
    'names %s with its place and mend, and gives no row',
    async (_name, file, content, message, action) => {
      await writeFile(join(folder, file), content);
      const object = file === 'deals.csv' ? 'deal' : 'contact';
      await expect(read(object)).rejects.toMatchObject({
        name: 'InputError',
        message: expect.stringMatching(message),
        action: expect.stringMatching(action),
      });
      const failed = (await csv.check(contextOf(), { properties: [], write: true })).filter(
        (item) => !item.ok,
      );
      expect(failed).toMatchObject([{ level: 'error', message: expect.stringMatching(message) }]);
    },
  );

  it('names a field of 100 MB without reading it whole', async () => {
    const path = join(folder, 'contacts.csv');
    await writeFile(path, `${CONTACTS}1,a@example.com,"`);
    const chunk = 'x'.repeat(10_000_000);
    for (let n = 0; n < 10; n += 1) await appendFile(path, chunk);
    const before = process.memoryUsage().rss;
    await expect(read('contact')).rejects.toMatchObject({
      name: 'InputError',
      message: expect.stringMatching(
        /contacts\.csv, line 2, column "first_name": the row is longer than 1 MB/,
      ),
    });
    expect(process.memoryUsage().rss - before).toBeLessThan(80_000_000);
  });

  it('names a file that is missing', async () => {
    await rm(join(folder, 'deals.csv'));
    await expect(read('deal')).rejects.toMatchObject({
      code: 'csv_missing',
      action: expect.stringContaining('deal_id'),
    });
  });
});

describe('what is read', () => {
  it('says whether a deal is won where no column does, and to whom it belongs', async () => {
    await writeFile(
      join(folder, 'deals.csv'),
      `${DEALS}1,1,1,USD,Closed Won,2024-01-01\n2,,1,USD,closed lost,\n3,1,1,USD,negotiation,\n`,
    );
    const { records } = await read('deal');
    expect(records.map(({ id, properties }) => [id, properties.won, properties.closed])).toEqual([
      ['1', 'true', 'true'],
      ['2', 'false', 'true'],
      ['3', 'false', 'false'],
    ]);
    expect(records.map(({ links }) => links?.map((link) => link.id))).toEqual([['1'], [], ['1']]);
  });

  it('gives attributes of known people by e-mail, as a kind of their own', async () => {
    await writeFile(join(folder, 'attributes.csv'), 'email,loyalty\nAnn@Example.com,gold\n');
    const { records } = await read('contact', 'full', null, ['loyalty']);
    expect(records).toMatchObject([
      { id: '1', kind: 'contact', createdAt: '2024-01-01T00:00:00.000Z' },
      {
        id: 'email:ann@example.com',
        kind: 'attributes',
        properties: { email: 'Ann@Example.com', loyalty: 'gold' },
      },
    ]);
  });

  it('reads a changed file only, and a row again only if its file changed', async () => {
    const first = await read('contact');
    expect((await read('contact', 'changes', first.cursor)).records).toEqual([]);
    await writeFile(join(folder, 'attributes.csv'), 'email,loyalty\nann@example.com,gold\n');
    const second = await read('contact', 'changes', first.cursor);
    expect(second.records.map(({ kind }) => kind)).toEqual(['attributes']);
    expect((await read('contact', 'changes', second.cursor)).records).toEqual([]);
  });

  it('starts over where a file is replaced in the middle of a pull', async () => {
    const rows = Array.from({ length: 4_500 }, (_, n) => `${n},p${n}@example.com,,,`).join('\n');
    await writeFile(join(folder, 'contacts.csv'), CONTACTS + rows);
    const { pages } = await read('contact');
    const resumed = await read('contact', 'full', pages[0]?.cursor ?? null);
    expect(resumed.records).toHaveLength(2_500);
    await writeFile(join(folder, 'contacts.csv'), `${CONTACTS}x,x@example.com,,,\n${rows}`);
    const again = await read('contact', 'full', pages[0]?.cursor ?? null);
    expect(again.records).toHaveLength(4_501);
  });

  it('reads a file from its start where it is replaced in the middle of reading its changes', async () => {
    const before = await read('contact');
    const rows = Array.from({ length: 4_500 }, (_, n) => `${n},p${n}@example.com,,,`).join('\n');
    await writeFile(join(folder, 'contacts.csv'), CONTACTS + rows);
    const { pages } = await read('contact', 'changes', before.cursor);
    await writeFile(join(folder, 'contacts.csv'), `${CONTACTS}x,x@example.com,,,\n${rows}`);
    const again = await read('contact', 'changes', pages[0]?.cursor ?? null);
    expect(again.records).toHaveLength(4_501);
  });

  it('knows the line of each row, wherever it begins to read', async () => {
    await writeFile(join(folder, 'contacts.csv'), `${CONTACTS}1,,"a\nb",,\n2,,,,\n\n3,,"c\n\nd",,\n4,,,,\n`);
    const rowsFrom = async (from?: Parameters<typeof readRows>[2]) => {
      const rows = [];
      for await (const row of readRows(folder, CONTACTS_TABLE, from)) rows.push(row);
      return rows;
    };
    const whole = await rowsFrom();
    expect(whole.map(({ values, line }) => [values.contact_id, line])).toEqual([
      ['1', 2],
      ['2', 4],
      ['3', 6],
      ['4', 9],
    ]);
    for (const [index, { after, header }] of whole.entries()) {
      expect(await rowsFrom({ from: { ...after, header } })).toEqual(whole.slice(index + 1));
    }
  });

  it('reads quotes, line breaks, a byte order mark and Windows line ends across pages', async () => {
    const rows = Array.from({ length: 2_100 }, (_, n) => `${n},,"a ""b""\r\nü",Ö ${n},`).join('\r\n');
    await writeFile(join(folder, 'contacts.csv'), `\uFEFF${CONTACTS.trim()}\r\n${rows}\r\n`);
    const { pages } = await read('contact', 'full', null, ['first_name', 'last_name']);
    const rest = await read('contact', 'full', pages[0]?.cursor ?? null, ['first_name', 'last_name']);
    expect(rest.records.map(({ id }) => id)).toEqual(
      Array.from({ length: 100 }, (_, n) => String(2_000 + n)),
    );
    expect(rest.records[0]?.properties).toMatchObject({ first_name: 'a "b"\r\nü', last_name: 'Ö 2000' });
  });
});

describe('labels.csv', () => {
  const write = (id: string, values: Record<string, string | string[] | null>): Write => ({
    kind: 'properties',
    object: 'contact',
    id,
    recordKind: 'contact',
    email: `=${id}@example.com`,
    values,
  });
  const push = (writes: Write[]) =>
    csv.push(contextOf(), { writes, remotes: { a: { column: 'rfm' }, b: { column: 'shop' } }, job: null });
  const text = () => readFile(join(folder, 'labels.csv'), 'utf8');

  it('keeps the rows that are there, replaces and adds, and drops rows without labels', async () => {
    await push([write('1', { a: 'champions' }), write('2', { a: 'lost' })]);
    await push([write('3', { b: ['high', 'new'] }), write('2', { a: null })]);
    expect(await text()).toBe(
      "segment_sync_id,email,rfm,shop\n1,'=1@example.com,champions,\n3,'=3@example.com,,high;new\n",
    );
    await push([write('1', { b: ['new'] })]);
    expect((await text()).split('\n')[1]).toBe("1,'=1@example.com,champions,new");
    expect(await readdir(folder)).not.toContain('labels.csv.new');
  });

  it('gets no column without leave: the answer says what to do', async () => {
    const config = csv.config.parse({ folder, mayCreate: false });
    const { mayCreate = true } = config;
    const target = labelTarget('file', { mayCreate });
    const prepare = () => csv.prepare(memoryContext({ connector: csv, config }), [target]);
    expect(await prepare()).toMatchObject([
      { state: 'needs_you', action: expect.stringContaining('segment_sync_id,email,value_tiers') },
    ]);
    expect(await readdir(folder)).not.toContain('labels.csv');
    await writeFile(join(folder, 'labels.csv'), 'segment_sync_id,email,value_tiers\n');
    expect(await prepare()).toMatchObject([{ state: 'ready', remote: { column: 'value_tiers' } }]);
  });

  it('goes with the app, if wanted', async () => {
    await push([write('1', { a: 'champions' })]);
    expect(await csv.uninstall(contextOf(), { keep: 'values' })).toEqual({ done: [], stays: ['labels.csv'] });
    expect(await csv.uninstall(contextOf(), { keep: 'nothing' })).toEqual({
      done: ['labels.csv removed'],
      stays: [],
    });
    await expect(text()).rejects.toThrow('ENOENT');
  });
});
