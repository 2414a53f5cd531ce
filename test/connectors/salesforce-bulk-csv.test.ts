import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { csvParts } from '../../connectors/salesforce/bulk-csv.ts';
import type { PlannedRow } from '../../connectors/salesforce/push-rows.ts';

const rowOf = (rowId: string, values: PlannedRow['values']): PlannedRow => ({
  id: rowId,
  sobject: 'Contact',
  rowId,
  parentId: '',
  values,
  targets: {},
});

it('cuts rows into uploads that are small enough, loses none, and keeps their order', () => {
  const cell = fc.option(fc.string({ maxLength: 30, unit: 'grapheme' }), { nil: null });
  const rows = fc.array(fc.record({ a: cell, b: cell }, { requiredKeys: [] }), {
    minLength: 1,
    maxLength: 40,
  });
  fc.assert(
    fc.property(rows, fc.integer({ min: 300, max: 3_000 }), (values, maxBytes) => {
      const planned = values.map((each, index) => rowOf(`003${index}`, { ...each }));
      const parts = csvParts(planned, maxBytes);
      for (const { text, rows: count } of parts) {
        // A single row may be larger than the limit: it is sent all the same.
        if (count > 1) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxBytes);
      }
      const read = parts.flatMap(({ text }) => parse<{ Id: string }>(text, { columns: true }));
      expect(read.map(({ Id }) => Id)).toEqual(planned.map(({ rowId }) => rowId));
      expect(parts.reduce((sum, part) => sum + part.rows, 0)).toBe(planned.length);
    }),
    { numRuns: 50 },
  );
});

it('clears with #N/A, leaves alone with nothing, and gives all parts the same columns', () => {
  const rows = [rowOf('1', { b: null }), rowOf('2', { a: 'x;y' })];
  expect(csvParts(rows, 1).map(({ text }) => text)).toEqual(['Id,a,b\n1,,#N/A\n', 'Id,a,b\n2,"x;y",\n']);
});

it('sends what is small in one part', () => {
  const rows = Array.from({ length: 1_000 }, (_, index) => rowOf(`003${index}`, { a: 'gold' }));
  expect(csvParts(rows)).toHaveLength(1);
});
