import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { catalogue } from '../src/segmentation/catalogue.ts';
import { compileLabels, learns, type Plan } from '../src/segmentation/compile.ts';
import { Condition } from '../src/segmentation/condition.ts';
import type { Segmentation } from '../src/segmentation/definition.ts';
import { DurationUnit } from '../src/segmentation/duration.ts';
import { learn, planLearn } from '../src/segmentation/learn.ts';
import { Period } from '../src/segmentation/operators.ts';
import { parseSegmentations, readSegmentations } from '../src/segmentation/parse.ts';
import { spanOf } from '../src/segmentation/window.ts';
import { addAttributes, addLabelColumn } from '../src/store/columns.ts';
import { openTestDatabase, type TestDatabase } from './database.ts';
import type { Row } from './segmentation/evaluate.ts';
import { insert } from './segmentation/population.ts';

/** Every example of docs/conditions.md is worked out on the customers that the page lists. */

const page = await readFile(new URL('../docs/conditions.md', import.meta.url), 'utf8');
const calendar = { asOf: new Date('2026-03-10T11:00:00Z'), zone: 'Europe/Berlin', fiscalYearStart: 4 };

const blocks = [...page.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, yaml = '']) => yaml);
const definitions = blocks
  .filter((yaml) => /^method:/m.test(yaml))
  .flatMap((yaml) => readSegmentations(yaml).definitions);

const Cast = z.strictObject({
  companies: z.record(z.string(), z.record(z.string(), z.unknown())),
  people: z.record(z.string(), z.record(z.string(), z.unknown())),
  deals: z.array(z.looseObject({ person: z.string(), with: z.array(z.string()).default([]) })),
});
const cast = Cast.parse(parse(blocks.find((yaml) => yaml.startsWith('companies:')) ?? ''));
const [people, companies] = [Object.keys(cast.people), Object.keys(cast.companies)];

/** Rows of tables: the cells between their bars, with the code marks of the first one taken off. */
const rows = [...page.matchAll(/^\| `(.+?)` \| (.+) \|$/gm)].map(([, code = '', rest = '']) => ({
  code,
  cells: rest.split(' | '),
}));
const examples = rows
  .filter(({ code }) => code.startsWith('{'))
  .map(({ code, cells }, i) => {
    const names = (cells[1] ?? '').split(', ');
    const subject = names.every((name) => companies.includes(name))
      ? ('company' as const)
      : ('person' as const);
    return { key: `e${i}`, code, names, subject };
  });

const segmentationOf = (subject: 'person' | 'company') =>
  parseSegmentations(
    JSON.stringify({
      key: `examples_${subject}`,
      name: 'Examples',
      subject,
      method: 'rules',
      labels: 'many',
      segments: examples
        .filter((example) => example.subject === subject)
        .map(({ key, code }) => ({ key, name: code.slice(0, 100), when: parse(code) })),
    }),
    { segmentations: definitions },
  );

let database: TestDatabase;
const held = new Map<string, string[]>();
beforeAll(async () => {
  database = await openTestDatabase();
  const attributes = catalogue.map(({ attribute }) => attribute);
  await addAttributes(database.pool, database.tenant, attributes);
  await fill();
  const all = [...definitions, ...segmentationOf('company'), ...segmentationOf('person')];
  for (const { subject, key, labels } of all)
    await addLabelColumn(database.pool, database.tenant, subject, key, labels);
  await work('company', all);
  await work('person', all);
});
afterAll(() => database.close());

async function fill(): Promise<void> {
  const { pool, tenant } = database;
  const company = (name: unknown) => (typeof name === 'string' ? companies.indexOf(name) + 1 : null);
  const person = (name: string) => people.indexOf(name) + 1;
  const add = async (table: string, rows: unknown[]): Promise<void> => {
    for (const row of rows) await insert(pool, `${tenant.schema}.${table}`, [row as Row]);
  };
  await add(
    'company',
    Object.values(cast.companies).map((row, i) => ({ id: i + 1, ...row })),
  );
  await add(
    'person',
    Object.values(cast.people).map(({ company: of, ...row }, i) => ({
      id: i + 1,
      company_id: company(of),
      ...row,
    })),
  );
  for (const [i, { person: name, with: others, ...deal }] of cast.deals.entries()) {
    const owner = { person_id: person(name), company_id: company(cast.people[name]?.company) };
    const source = {
      id: i + 1,
      connection_id: 'c',
      record_id: String(i),
      revenue: deal.amount,
      counts: true,
    };
    await add('deal', [{ ...source, ...owner, ...deal }]);
    await add(
      'deal_person',
      [name, ...others].map((one) => ({ deal_id: i + 1, person_id: person(one) })),
    );
  }
}

/** Works out all segmentations of a subject; what companies hold and score is stored, for their people. */
async function work(subject: 'person' | 'company', all: Segmentation[]): Promise<void> {
  const { pool, tenant } = database;
  const request = {
    schema: tenant.schema,
    attributes: catalogue.map(({ attribute }) => attribute),
    ...calendar,
    stored: all.map(({ subject, key, labels }) => ({ subject, segmentation: key, labels })),
  };
  const plans: Plan[] = [];
  for (const definition of all.filter((one) => one.subject === subject)) {
    const statement = learns(definition) ? planLearn(definition, request) : null;
    const found = statement === null ? [] : (await pool.query(statement.sql, statement.values)).rows;
    plans.push({ definition, model: statement === null ? null : learn(definition, found, calendar.asOf) });
  }
  const compiled = compileLabels({ ...request, subject, segmentations: plans, restrict: 'all' });
  expect(compiled.unmet).toEqual([]);
  for (const row of (await pool.query<Record<string, unknown>>(compiled.sql, compiled.values)).rows) {
    const name = (subject === 'person' ? people : companies)[Number(row.id) - 1] ?? '';
    held.set(name, z.array(z.string()).parse(row[`label_examples_${subject}`]));
    if (subject === 'person') continue;
    await pool.query(`update ${tenant.schema}.company set label_accounts = $2 where id = $1`, [
      row.id,
      row.label_accounts,
    ]);
    for (const { segmentation, score, column } of compiled.scores) {
      await pool.query(
        `insert into ${tenant.schema}.score (subject, subject_id, key, value, at) values ('company', $1, $2, $3, now())`,
        [row.id, `${segmentation}.${score}`, row[column]],
      );
    }
  }
}

describe('the page on conditions', () => {
  test.each(examples)('$code holds for $names', ({ key, names }) => {
    expect(
      [...held]
        .filter(([, keys]) => keys.includes(key))
        .map(([name]) => name)
        .sort(),
    ).toEqual(names.sort());
  });

  test('shows each construct of the language', () => {
    const shown = new Set(examples.flatMap(({ code }) => wordsOf(parse(code))));
    for (const { code } of rows) shown.add(code);
    expect(
      [...schemaWords(z.toJSONSchema(Condition, { io: 'input' }))].filter((word) => !shown.has(word)),
    ).toEqual([]);
    const rules = JSON.stringify(definitions.filter(({ method }) => method === 'rules'));
    for (const word of ['labels', 'when', 'leaveWhen', 'stay']) expect(rules).toContain(`"${word}"`);
  });

  test('says of each length of time when it begins', () => {
    const lengths = rows.filter(({ code }) => /^\d+ \w+$/.test(code));
    expect(lengths.map(({ code }) => code.replace(/^\d+ |s$/g, ''))).toEqual(DurationUnit.options);
    for (const { code, cells } of lengths)
      expect(
        spanOf({ operator: 'inLast', operand: code }, calendar)?.from?.toFormat('yyyy-MM-dd HH:mm'),
      ).toBe(cells[0]);
  });

  test('says of each span of the calendar which days it holds', () => {
    const spans = rows.filter(({ code }) => Period.safeParse(code).success);
    expect(spans.map(({ code }) => code)).toEqual(Period.options);
    for (const { code, cells } of spans) {
      const span = spanOf({ operator: 'during', operand: Period.parse(code) }, calendar);
      expect([span?.from?.toISODate(), span?.to?.minus({ days: 1 }).toISODate()], code).toEqual(cells);
    }
  });
});

/** Keys of an example, and the texts in it. */
function wordsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(wordsOf);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...wordsOf(inner)]);
}

/** The keys and choices that a JSON schema names, wherever they stand in it. */
function schemaWords(schema: unknown, found = new Set<string>()): Set<string> {
  if (Array.isArray(schema)) for (const part of schema) schemaWords(part, found);
  else if (typeof schema === 'object' && schema !== null) {
    for (const [key, part] of Object.entries(schema)) {
      if (key === 'properties') for (const word of Object.keys(part)) found.add(word);
      if (key === 'enum') for (const word of part) found.add(String(word));
      schemaWords(part, found);
    }
  }
  return found;
}
