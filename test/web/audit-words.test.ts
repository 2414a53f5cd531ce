import { expect, it } from 'vitest';
import { actionWords, definitionWords, fieldWords } from '../../web/src/screens/audit/words.ts';

it.each([
  ['brakes.labelShare', 'brakes: label share'],
  ['segments.0.name', 'segment 1: name'],
  ['of.2', 'of 3'],
  ['expiresAt', 'works until'],
  ['0', '0'],
  ['lawful_basis', 'lawful basis'],
])('names the field %s as %s', (path, words) => expect(fieldWords(path)).toBe(words));

it('says what it does not know by its own name', () => {
  expect([actionWords('target.release'), actionWords('new.thing')]).toEqual(['released', 'new.thing']);
});

it.each([
  [{ key: 'a', method: 'rules', segments: [{ key: 'b' }] }, 'whole definition: 1 segment'],
  [{ key: 'a', method: 'rules', segments: [{}, {}] }, 'whole definition: 2 segments'],
  [{ template: 'saas' }, null],
  [null, null],
])('sums a definition up: %j is %s', (value, words) => expect(definitionWords(value)).toBe(words));
