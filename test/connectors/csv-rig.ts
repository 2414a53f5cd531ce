import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { memoryContext } from '../../connectors/context.ts';
import csv from '../../connectors/csv/index.ts';
import type { ObjectType } from '../../src/model/record.ts';
import type { Rig, RigSeed } from './conformance-rig.ts';

const PROPERTY = { contact: 'last_name', company: 'name', deal: 'stage' } as const;
const FILES = { contact: 'contacts.csv', company: 'companies.csv', deal: 'deals.csv' } as const;

const Rows = z.array(z.record(z.string(), z.string()));

const toCsv = (rows: Record<string, string>[], columns: string[]) =>
  [columns, ...rows.map((row) => columns.map((column) => row[column] ?? ''))]
    .map((line) => line.join(','))
    .join('\n');

/** A folder of files with our connector on it. */
export const csvRig = async (seed: RigSeed): Promise<Rig & { folder: string }> => {
  const folder = await mkdtemp(join(tmpdir(), 'csv-'));
  const tables: Record<ObjectType, { columns: string[]; key: string; rows: Record<string, string>[] }> = {
    contact: {
      columns: ['contact_id', 'email', 'first_name', 'last_name', 'created_at', 'country'],
      key: 'contact_id',
      rows: Array.from({ length: seed.contacts }, (_, n) => ({
        contact_id: String(n + 1),
        email: `p${n}@example.com`,
        last_name: `Person ${n}`,
        created_at: '2024-01-01',
      })),
    },
    company: { columns: [], key: '', rows: [] },
    deal: {
      columns: ['deal_id', 'contact_id', 'amount', 'currency', 'stage', 'closed_at'],
      key: 'deal_id',
      rows: Array.from({ length: seed.deals }, (_, n) => ({
        deal_id: String(n + 1),
        contact_id: String(n + 1),
        amount: '12.50',
        currency: 'USD',
        stage: 'closedwon',
        closed_at: '2024-02-29',
      })),
    },
  };
  const save = async (object: ObjectType) => {
    const path = join(folder, FILES[object]);
    const before = await stat(path).catch(() => null);
    await writeFile(path, toCsv(tables[object].rows, tables[object].columns));
    // A file's change time has the grain of the kernel's clock.
    while (before !== null && (await stat(path)).ctimeMs === before.ctimeMs) {
      await writeFile(path, toCsv(tables[object].rows, tables[object].columns));
    }
  };
  await save('contact');
  await save('deal');
  const rowOf = (object: ObjectType, id: string) => {
    const { rows, key } = tables[object];
    const row = rows.find((each) => each[key] === id);
    if (!row) throw new Error(`There is no ${object} ${id}`);
    return row;
  };
  return {
    folder,
    connector: csv,
    property: PROPERTY,
    context: (more = {}) => memoryContext({ connector: csv, config: { folder }, ...more }),
    ids: (object) => tables[object].rows.map((row) => row[tables[object].key] ?? ''),
    edit: (object, id, value) => {
      rowOf(object, id)[PROPERTY[object]] = value;
      return save(object);
    },
    create: async (object, value) => {
      tables[object].rows.push({
        [tables[object].key]: 'new-1',
        email: 'new@example.com',
        [PROPERTY[object]]: value,
      });
      await save(object);
      return 'new-1';
    },
    remove: (object, id) => {
      tables[object].rows = tables[object].rows.filter((row) => row[tables[object].key] !== id);
      return save(object);
    },
    relink: async (id) => {
      rowOf('deal', id).contact_id = '7';
      await save('deal');
      return { object: 'deal', to: 'contact', toId: '7' };
    },
    shown: async (remote, _object, id) => {
      const { column } = z.object({ column: z.string() }).parse(remote);
      const text = await readFile(join(folder, 'labels.csv'), 'utf8').catch(() => '');
      const row = Rows.parse(parse(text, { columns: true })).find((each) => each.segment_sync_id === id);
      return row?.[column] || null;
    },
    foreign: {
      make: () => writeFile(join(folder, 'labels.csv'), 'mine,own\n1,2\n'),
      read: () => readFile(join(folder, 'labels.csv'), 'utf8'),
    },
    writes: () => 0,
    broken: () => ({ rules: [], throttled: 0 }),
    stop: () => rm(folder, { recursive: true }),
  };
};
