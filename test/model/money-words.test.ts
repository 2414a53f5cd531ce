import { expect, it } from 'vitest';
import { showRate } from '../../src/model/money-words.ts';

it.each([
  ['1.099999890000', '1.1'],
  ['0.006712345678', '0.00671235'],
  ['151.4', '151.4'],
  ['65432.1299', '65,432.1'],
  ['0.0000123', '0.0000123'],
  ['1', '1'],
])('a rate of %s is shown as %s', (told, shown) => {
  expect(showRate(told)).toBe(shown);
});
