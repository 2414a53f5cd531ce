import { expect, test } from 'vitest';
import { parseInstant } from '../../src/cli/instant.ts';

test.each([
  ['2026-02-28', '2026-02-28T00:00:00.000Z'],
  ['2026-02-28T08:30:00+02:00', '2026-02-28T06:30:00.000Z'],
])('%s is an instant', (text, instant) => {
  expect(parseInstant(text).toJSON()).toBe(instant);
});

test.each(['2026-02-30', '2026-02-30T10:00:00Z', '2026-13-01', '28.02.2026', 'yesterday', ''])(
  '"%s" is refused rather than read as another day',
  (text) => {
    expect(() => parseInstant(text)).toThrow(`"${text}" is not a date.`);
  },
);
