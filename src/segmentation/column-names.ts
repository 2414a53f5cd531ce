import { valueName } from '../model/value-name.ts';
import type { Segmentation } from './definition.ts';
import type { Topic, Words } from './explain-words.ts';
import { featureName, featureTopic } from './methods/features.ts';

/** What people call the columns that a method learned from: `Industry`, and `Industry: Software` for one option. */
export type ColumnNames = {
  of(column: string, option?: string): string;
  option(column: string, option: string): string;
  /** Counted as days ago. */
  isDate(column: string): boolean;
  /** What a model says of its columns, as `country is US: 62% against 21%`, in the names of now. */
  sentence(text: string): string;
};

/** Whole names of columns and no part of a longer one. */
const COLUMN = /(?<![\w.])[a-z][\w.]*\w(?![\w])/g;

export function columnNames(definition: Segmentation, words: Words): ColumnNames {
  const features = 'of' in definition && Array.isArray(definition.of) ? definition.of : [];
  const topics = new Map<string, Topic>(
    features.map((feature, index) => [
      featureName(feature, index),
      featureTopic(feature, definition.subject, words),
    ]),
  );
  const isOfCompany = (column: string) => column.startsWith('company.');
  const option: ColumnNames['option'] = (column, value) => valueName(topics.get(column), value);
  const of: ColumnNames['of'] = (column, value) => {
    const name = topics.get(column)?.name ?? column;
    const own = `${isOfCompany(column) ? 'Company: ' : ''}${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    return value === undefined ? own : `${own}: ${option(column, value)}`;
  };
  return {
    of,
    sentence: (text) => {
      const [, column = '', value = '', rest = ''] = /^(\S+) is (.+?)(: .*)$/.exec(text) ?? [];
      if (topics.has(column)) return `${of(column)} is ${option(column, value)}${rest}`;
      const named = text.replace(COLUMN, (word) => (topics.has(word) ? of(word) : word));
      return `${named.charAt(0).toUpperCase()}${named.slice(1)}`;
    },
    option,
    isDate: (column) => /^date/.test(topics.get(column)?.type ?? ''),
  };
}
