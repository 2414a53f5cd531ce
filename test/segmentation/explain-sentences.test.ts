import { describe, expect, it } from 'vitest';
import { type Clause, changesOf, sentencesOf } from '../../src/segmentation/explain-sentences.ts';

const stage = (value: string, holds: boolean): Clause => ({
  kind: 'test',
  holds,
  about: 'Lifecycle stage',
  threshold: 'is customer',
  value,
  turnsOn: null,
});

describe('a value that has to be a certain one', () => {
  it.each([
    ['is said once where it is that one', stage('customer', true), true, 'Lifecycle stage: customer.'],
    [
      'is said beside what is asked for where it is another',
      stage('lead', false),
      false,
      'Lifecycle stage: lead (needed: is customer).',
    ],
  ])('%s', (_, clause, holds, sentence) => {
    expect(sentencesOf(clause, holds)).toEqual([sentence]);
  });

  it('is not told again with what would change it', () => {
    expect(changesOf(stage('customer', true), false)).toEqual([
      'Would leave once lifecycle stage is no longer customer.',
    ]);
    expect(changesOf(stage('lead', false), true)).toEqual([
      'Would enter once lifecycle stage is customer (now lead).',
    ]);
  });
});
