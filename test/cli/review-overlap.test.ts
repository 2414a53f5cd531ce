import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { describeOverlap } from '../../src/cli/review-overlap.ts';

test('numbers under ten that would tell of single customers are not shown', () => {
  const unserved = { size: 12, share: 0.12, revenue: null, revenueShare: null, buyers: null, reachable: 11 };
  const pair = { a: 'shop.new', sizeA: 20, flagged: false as const };
  const lines = describeOverlap(
    {
      segmentation: 'shop',
      name: 'Shop',
      asOf: new Date(0),
      subjects: 100,
      coverage: 0.88,
      unserved,
      unservedByAll: { ...unserved, size: 10, share: 0.1, revenue: 250, buyers: 10, reachable: 0 },
      pairs: [
        { ...pair, b: 'shop.loyal', sizeB: 40, both: 15, jaccard: 1 / 3, containment: 0.75 },
        { ...pair, b: 'rfm.lost', sizeB: 30, both: null, jaccard: null, containment: null },
      ],
      priority: [],
    },
    'EUR',
  ).map(stripVTControlCharacters);
  expect(lines[2]).toContain('12 (12%), < 10 of them bought (revenue of fewer than 10), 11 may be reached.');
  expect(lines[3]).toContain('10 (10%), 10 of them bought (250.00 EUR), 0 may be reached.');
  const text = lines.join('\n');
  expect(text).toMatch(/shop\.new.*shop\.loyal.*20.*40.*15.*0\.33.*0\.75/);
  expect(text).not.toContain('rfm.lost');
  expect(text).toContain('1 more pairs share fewer than 10.');
});
