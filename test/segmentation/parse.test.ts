import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { parseSegmentation, parseSegmentations, readSegmentations } from '../../src/segmentation/parse.ts';

const rules = (when: string): string =>
  `key: shop\nname: Shop\nsubject: person\nmethod: rules\nsegments:\n  - key: a\n    name: A\n    when: ${when}\n`;

describe('what is wrong is named with its place and the nearest known name', () => {
  test.each([
    ['{ attribute: contry, is: US }', '8:24', 'no attribute contry of a person; did you mean country'],
    ['{ attribute: country, atLest: 3 }', '8:41', '"atLest" is not known here; did you mean atLeast'],
    ['{ attribute: country, atLeast: 3 }', '8:42', 'atLeast does not work on a text'],
    ['{ attribut: country, is: x }', '8:23', '"attribut" does not begin a condition; did you mean attribute'],
    ['{ attribute: country }', '8:5', 'say how to compare'],
    ['{ segment: shop.b }', '8:22', 'no segment shop.b of a person; did you mean shop.a'],
    [
      '{ deals: { where: { wonn: true }, count: true, atLeast: 1 } }',
      '8:37',
      'no attribute wonn of a deal; did you mean won',
    ],
    [
      '{ deals: { where: { won: { iss: true } }, count: true, atLeast: 1 } }',
      '8:43',
      '"iss" is not known here',
    ],
    ['{ deals: { sum: amount, atLeast: "x" } }', '8:44', 'atLeast must be a number, not "x"'],
    ['{ deals: { atLeast: 1 } }', '8:13', 'say what to work out'],
    ['{ deals: { sum: stage, atLeast: 1 } }', '8:27', 'stage is a enum, which has no sum'],
    ['{ attribute: deal_count, is: "3" }', '8:40', 'write a number, not "3"'],
    ['{ attribute: last_order_at, inLast: 3 mnths }', '8:47', 'write a number and a unit'],
    ['{ attribute: last_order_at, inLast: 3 hours }', '8:47', 'a date has no time of day'],
    ['{ attribute: last_order_at, between: [2026-01-01, 2026-13-01] }', '8:61', 'Invalid ISO date'],
    ['{ attribute: last_order_at, during: this mont }', '8:47', 'did you mean this month'],
    ['{ company: { deals: { count: true, atLeast: 1 } } }', '8:13', 'scope: company'],
    [
      '{ company: { company: { attribute: industry, is: x } } }',
      '8:13',
      'company takes attributes, segments and scores only',
    ],
    ['{ contacts: { count: true, atLeast: 1 } }', '8:13', 'only companies have contacts'],
    ['{ attribute: religion, known: true }', '8:24', 'an admin has to record the lawful basis'],
    ['{ not: { segment: shop.a } }', '8:29', 'in a circle: shop.a -> shop.a'],
    ['foo', '8:11', '"foo" does not begin a condition'],
  ])('%s', (when, place, message) => {
    const { problems } = readSegmentations(rules(when), { file: 'shop.yaml' });
    const [first] = problems;
    expect(`${first?.line}:${first?.column}`).toBe(place);
    expect(problems.map((problem) => problem.message).join('\n')).toContain(message);
  });

  test.each([
    ['', 'there is no segmentation in it'],
    ['key: shop\nkey: b\n', 'keys must be unique'],
    [
      'key: shop\nname: Shop\nsubject: person\nmethod: rule\n',
      'there is no method rule; did you mean rules; known: rules, tiers, rfm, lifetime_value, churn, clusters, scorecard, lookalike',
    ],
    ['key: shop\nname: Shop\nsubject: person\nmethod: look_alike\n', 'did you mean lookalike;'],
    ['key: shop\nname: Shop\nmethod: rules\nsegments: []\n', '"subject" is missing'],
    [
      'key: shop\nname: Shop\nsubject: person\nmethod: rules\nsegments: []\n',
      'segments needs at least 1; this one has none',
    ],
    [
      rules('{ attribute: country, is: US }').replace('key: a', 'key: Très;bien'),
      'HubSpot and Salesforce hold only',
    ],
    [
      rules('{ attribute: country, is: US }').replace('key: shop', `key: ${'s'.repeat(31)}`),
      'at most 30 characters',
    ],
    [
      'key: t\nname: T\nsubject: person\nmethod: tiers\nof: revenue_total\nsegments: [{ key: a, name: A, atLeast: 1 }, { key: b, name: B, atLeast: 2 }]',
      'tiers go from high to low',
    ],
    [
      'key: t\nname: T\nsubject: person\nmethod: tiers\nof: country\nsegments: [{ key: a, name: A }]',
      'this is a text; of takes a number or money',
    ],
    [
      'key: r\nname: R\nsubject: person\nmethod: rfm\nsegments: [{ key: a, name: A, areas: [{ r: [1, 4] }] }]',
      'leaves 25 of 125 score combinations',
    ],
    [
      'key: r\nname: R\nsubject: person\nmethod: rfm\nsegments: [{ key: a, name: A, areas: [{}] }, { key: b, name: B, areas: [{ r: [5, 5] }] }]',
      'earlier segments take everyone from b',
    ],
  ])('%j', (text, message) => {
    expect(
      readSegmentations(text)
        .problems.map((problem) => problem.message)
        .join('\n'),
    ).toContain(message);
  });
});

test('a circle through two segmentations names every step', () => {
  const text = `- ${rules('{ segment: b.x }').replaceAll('\n', '\n  ').trim()}
- { key: b, name: B, subject: person, method: rules, segments: [{ key: x, name: X, when: { segment: shop.a } }] }`;
  expect(() => parseSegmentations(text)).toThrow(/shop\.a -> b\.x -> shop\.a/);
});

test('a circle is told without the steps that only lead to it', () => {
  const segment = (key: string, to: string) => `{ key: ${key}, name: ${key}, when: { segment: shop.${to} } }`;
  const text = `{ key: shop, name: Shop, subject: person, method: rules, labels: many, segments: [
    ${segment('a', 'b')}, ${segment('b', 'c')}, ${segment('c', 'b')}] }`;
  const messages = readSegmentations(text).problems.map(({ message }) => message);
  expect(messages.join('\n')).toContain('in a circle: shop.b -> shop.c -> shop.b');
  expect(messages.join('\n')).not.toContain('shop.a ->');
});

test('people are not in segments of companies, unless by their company', () => {
  const companies = `key: firms\nname: Firms\nsubject: company\nmethod: rules\nsegments:
  - { key: big, name: Big, when: { attribute: employee_count, atLeast: 100 } }`;
  const problems = (when: string) =>
    readSegmentations(`${companies}\n---\n${rules(when)}`).problems.map(({ message }) => message);
  expect(problems('{ segment: firms.big }')).toEqual([
    expect.stringContaining('there is no segment firms.big of a person'),
  ]);
  expect(problems('{ company: { segment: firms.big } }')).toEqual([]);
});

test('reads JSON, several documents, and lists, which may refer to each other', () => {
  const one =
    '{"key":"j","name":"J","subject":"person","method":"rules","segments":[{"key":"a","name":"A","when":{"attribute":"country","in":["US"]}}]}';
  expect(parseSegmentation(one).key).toBe('j');
  const other = rules('{ segment: j.a }');
  expect(parseSegmentations(`${one}\n---\n${other}`).map(({ key }) => key)).toEqual(['j', 'shop']);
});

test('an invalid definition is refused with the file and what to do', () => {
  expect(() => parseSegmentation(rules('{ attribute: contry, is: US }'), { file: 'shop.yaml' })).toThrow(
    InputError,
  );
  expect(() => parseSegmentation(rules('{ attribute: contry, is: US }'), { file: 'shop.yaml' })).toThrow(
    /^shop\.yaml:8:24: .*\nNothing was changed\.$/,
  );
});
