import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ACTION_KINDS, actionWords, definitionWords, fieldWords } from '../../web/src/screens/audit/words.ts';

const SOURCES = join(import.meta.dirname, '../../src');

/** What the sources write into the log: `action: 'a.b'`, or one of two behind a condition. */
async function writtenActions(): Promise<string[]> {
  const texts = await Promise.all(
    globSync('**/*.ts', { cwd: SOURCES }).map((file) => readFile(join(SOURCES, file), 'utf8')),
  );
  const written = texts
    .flatMap((text) => [...text.matchAll(/\baction: ([^,]*)/g)].map(([, value = '']) => value))
    .flatMap((value) => [...value.matchAll(/'([a-z_]+\.[a-z_]+)'/g)].map(([, action = '']) => action));
  return [...new Set([...written, 'target.held', 'target.paused'])].sort();
}

it('has words for all that is written into the log, and a kind to look for each by', async () => {
  const written = await writtenActions();
  expect(written).toContain('connection.reconnect');
  expect(written.filter((action) => actionWords(action) === action)).toEqual([]);
  const kinds = ACTION_KINDS.map(({ value }) => value);
  expect(written.filter((action) => !kinds.some((kind) => action.startsWith(`${kind}.`)))).toEqual([]);
});

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
