import { expect, it } from 'vitest';
import { showShare } from '../../src/model/share-words.ts';

it.each([
  [0, '0%'],
  [0.085, '8.5%'],
  [0.2, '20%'],
  [0.12345, '12.3%'],
  [1, '100%'],
  [0.0001, 'under 0.1%'],
  [-0.031, '-3.1%'],
])('%d is shown as %s', (share, shown) => expect(showShare(share)).toBe(shown));
