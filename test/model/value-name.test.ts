import { expect, it } from 'vitest';
import { valueName } from '../../src/model/value-name.ts';

it.each([
  [{ valueNames: { closedwon: 'Closed won' } }, 'closedwon', 'Closed won'],
  [{ valueNames: { closedwon: 'Closed won' } }, 'closedlost', 'closedlost'],
  // Values come from CRMs: one may be called as what every object has.
  [{ valueNames: {} }, 'constructor', 'constructor'],
  [{}, 'customer', 'customer'],
  [undefined, 'customer', 'customer'],
])('by %j, %s is called %s', (of, value, name) => expect(valueName(of, value)).toBe(name));
