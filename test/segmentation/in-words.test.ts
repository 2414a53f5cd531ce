import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { indexAttributes } from '../../src/segmentation/attribute-index.ts';
import { catalogue } from '../../src/segmentation/catalogue.ts';
import { Condition } from '../../src/segmentation/condition.ts';
import { Segmentation } from '../../src/segmentation/definition.ts';
import { inWords, type Words } from '../../src/segmentation/explain-words.ts';
import { readSegmentations } from '../../src/segmentation/parse.ts';

/** What people of five trades ask for; docs/conditions.md names what can't be said. */
const Asked = z.union([z.strictObject({ c: z.literal(true), when: Condition }), Condition]);
const asked = z
  .record(z.string(), z.record(z.string(), Asked))
  .parse(parse(await readFile(new URL('in-words.yaml', import.meta.url), 'utf8')));

const attributes = catalogue.map(({ attribute }) => attribute);
const words: Words = {
  attributes: indexAttributes(attributes),
  calendar: { asOf: new Date('2026-11-22T12:00:00Z'), zone: 'UTC', fiscalYearStart: 4 },
  currency: 'EUR',
};

const others = [
  ['rfm', 'rfm', 'person', ['champions', 'at_risk']],
  ['churn', 'churn', 'person', ['active']],
  ['lifetime_value', 'lifetime_value', 'person', ['top']],
  ['lead_score', 'scorecard', 'person', ['hot']],
  ['ideal', 'scorecard', 'company', ['a']],
  ['accounts', 'rules', 'company', ['at_risk']],
].map(([key, method, subject, segments]) =>
  Segmentation.parse({
    key,
    name: key,
    subject,
    method,
    ...(method === 'rfm' && {
      recency: 'last_order_at',
      frequency: 'deal_count',
      monetary: 'revenue_total',
    }),
    ...(method === 'scorecard' && { of: [subject === 'person' ? 'title' : 'industry'] }),
    segments: [segments].flat().map((segment, i) => ({
      key: segment,
      name: segment,
      ...(method === 'rfm' && { areas: i === 0 ? [{ r: [4, 5] }] : [{}] }),
      ...(method === 'rules' && { when: { attribute: 'deal_count', atLeast: 1 } }),
    })),
  }),
);

test.each(Object.entries(asked))('%s: all that is asked for can be said, and reads back', (_, said) => {
  const all = Object.entries(said).map(([name, given], i) => {
    const own =
      'c' in given
        ? { subject: 'company' as const, when: given.when }
        : { subject: 'person' as const, when: given };
    return { ...own, name, key: `s${i}` };
  });
  for (const subject of ['person', 'company'] as const) {
    const segments = all
      .filter((one) => one.subject === subject)
      .map(({ subject: _of, ...segment }) => segment);
    if (segments.length === 0) continue;
    const text = JSON.stringify({
      key: 'asked',
      name: 'Asked',
      subject,
      method: 'rules',
      labels: 'many',
      segments,
    });
    expect(readSegmentations(text, { segmentations: others }).problems).toEqual([]);
    for (const { when } of segments) expect(inWords(when, subject, words)).toMatch(/^\S.*\S$/);
  }
  const lines = all.map(({ when, subject }) => inWords(when, subject, words));
  expect(lines.join('\n')).not.toMatch(/undefined|null|NaN|\[object/);
  expect(all.length).toBeGreaterThanOrEqual(40);
});
