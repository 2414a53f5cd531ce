import { expect, it } from 'vitest';
import { indexAttributes } from '../../src/segmentation/attribute-index.ts';
import type { Words } from '../../src/segmentation/explain-words.ts';
import { type ShownType, showValue } from '../../src/segmentation/value-words.ts';

const words: Words = {
  attributes: indexAttributes([]),
  calendar: { asOf: new Date('2026-11-01T00:00:00Z'), zone: 'Europe/Berlin', fiscalYearStart: 1 },
  currency: 'EUR',
};

it.each<[unknown, ShownType, string]>([
  ['1000', 'money', '€1,000'],
  ['41714.5', 'money', '€41,714.50'],
  [0.123, 'number', '0.12'],
  [0.9712, 'probability', '97.1%'],
  [true, 'boolean', 'yes'],
  [[], 'multi', 'none'],
  [['a', 'b'], 'multi', 'a, b'],
  ['2026-06-30T22:30:00Z', 'datetime', '1 Jul 2026, 00:30'],
  ['2026-06-30', 'date', '30 Jun 2026'],
  ['no day', 'date', 'no day'],
  [null, 'money', 'not known'],
])('%j of type %s is shown as %s', (value, type, shown) =>
  expect(showValue(value, { type }, words)).toBe(shown),
);
