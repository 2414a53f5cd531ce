import { expect, it } from 'vitest';
import { nameWithin } from '../../src/model/name-within.ts';

it.each([
  ['Shop customers', 'label', 'Shop customers: label'],
  ['Still a customer?', 'Active', 'Still a customer? Active'],
  ['Buy now!', 'list A', 'Buy now! list A'],
])('%s and %s is %s', (whole, part, both) => expect(nameWithin(whole, part)).toBe(both));
