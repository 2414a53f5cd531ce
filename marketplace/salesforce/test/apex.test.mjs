/** The Apex classes are parsed, not run: an org runs their tests when a version of the package is made. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { ApexErrorListener, ApexParserFactory } from '@apexdevtools/apex-parser';

const CLASSES = join(import.meta.dirname, '../force-app/main/default/classes');

function faultsOf(source) {
  const faults = [];
  class Faults extends ApexErrorListener {
    apexSyntaxError(line, column, message) {
      faults.push(`${line}:${column} ${message}`);
    }
  }
  const { parser } = ApexParserFactory.createLexerAndParser(source, new Faults());
  parser.compilationUnit();
  return faults;
}

const names = readdirSync(CLASSES).filter((name) => name.endsWith('.cls'));
const read = (name) => readFileSync(join(CLASSES, name), 'utf8');

it('finds the classes', () =>
  assert.deepEqual(names.sort(), ['SegmentSyncCard.cls', 'SegmentSyncCardTest.cls']));

for (const name of names) {
  it(`${name} parses`, () => assert.deepEqual(faultsOf(read(name)), []));
}

it('notices a fault', () => {
  assert.notDeepEqual(
    faultsOf(read('SegmentSyncCard.cls').replace('request.setMethod(', 'request.setMethod')),
    [],
  );
});

it('keeps to the rights of the user, and to the address of the credential', () => {
  const card = read('SegmentSyncCard.cls');
  assert.match(card, /with sharing class/);
  const queries = card.match(/\[SELECT[^\]]+\]/g) ?? [];
  assert.equal(queries.length, 3);
  for (const query of queries) assert.match(query, /WITH USER_MODE/);
  assert.doesNotMatch(card, /https?:\/\//);
  assert.doesNotMatch(card, /without sharing|Database\.|\binsert\b|\bupdate\b|\bdelete\b/);
});
