import { expect, it } from 'vitest';
import { jitterOf } from '../../src/review/jitter.ts';

const model = (version: number, parameters: unknown) => ({
  version,
  asOf: new Date(Date.UTC(2026, version, 1)),
  parameters,
});

it('compares each model with the one before, number by number, largest jump first', () => {
  const found = jitterOf([
    model(1, { method: 'tiers', cutPoints: { gold: 100, silver: 50, none: null } }),
    model(2, { method: 'tiers', cutPoints: { gold: 110, silver: 25, none: 3 } }),
    model(3, { method: 'tiers', cutPoints: { gold: 110, silver: 25 } }),
  ]);
  expect(found).toMatchObject([
    {
      version: 2,
      largest: 0.5,
      jumps: [
        { parameter: 'cutPoints.silver', before: 50, after: 25, relative: 0.5 },
        { parameter: 'cutPoints.gold', relative: 0.1 },
      ],
    },
    { version: 3, jumps: [], largest: null },
  ]);
});

it('says nothing of the first model, and no share of a change from 0, which comes first', () => {
  expect(jitterOf([model(1, { r: 1 })])).toEqual([]);
  expect(jitterOf([model(1, { r: 0 }), model(2, { r: 1 })])).toMatchObject([
    { largest: null, jumps: [{ relative: null }] },
  ]);
  expect(jitterOf([model(1, { s: 1, r: 0 }), model(2, { s: 3, r: 1 })])).toMatchObject([
    { largest: 2, jumps: [{ parameter: 'r' }, { parameter: 's', relative: 2 }] },
  ]);
});
