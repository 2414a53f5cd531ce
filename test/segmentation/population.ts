import type { Attribute, AttributeOwner } from '../../src/model/attribute.ts';
import { addAttributes, addLabelColumn } from '../../src/store/columns.ts';
import type { Queryable } from '../../src/store/pool.ts';
import type { TestDatabase } from '../database.ts';
import type { Row, Value, World } from './evaluate.ts';
import { DAYS, INSTANTS, NUMBERS, OPTIONS, WORDS } from './random-definitions.ts';

/** Random subjects with their deals, in the store and in memory. A third of all values is unknown. */
export type Population = {
  persons: (World & { id: string; held: Row; companyLabels: Row })[];
  companies: (World & { id: string; held: Row })[];
};

export type LabelColumn = {
  subject: 'person' | 'company';
  segmentation: string;
  labels: 'one' | 'many';
  segments: string[];
};

type Random = () => number;

/** A small generator of its own, so that the same seed gives the same people everywhere. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const pick = <T>(random: Random, from: readonly T[]): T => {
  const value = from[Math.floor(random() * from.length)];
  if (value === undefined) throw new Error('nothing to pick from');
  return value;
};

function randomValue(random: Random, attribute: Attribute): Value {
  if (random() < 1 / 3) return null;
  switch (attribute.type) {
    case 'boolean':
      return random() < 0.5;
    case 'date':
      return pick(random, DAYS);
    case 'datetime':
      return pick(random, INSTANTS);
    case 'multi':
      return OPTIONS.filter(() => random() < 0.4).sort();
    case 'number':
    case 'money':
      return pick(random, NUMBERS);
    default:
      return pick(random, WORDS);
  }
}

function rowOf(random: Random, owner: AttributeOwner, attributes: readonly Attribute[]): Row {
  const own = attributes.filter((attribute) => attribute.owner === owner);
  return Object.fromEntries(own.map((attribute) => [attribute.key, randomValue(random, attribute)]));
}

function labels(random: Random, columns: readonly LabelColumn[], subject: LabelColumn['subject']): Row {
  const own = columns.filter((column) => column.subject === subject);
  return Object.fromEntries(
    own.map(({ segmentation, labels, segments }) => [
      segmentation,
      labels === 'many'
        ? segments.filter(() => random() < 0.5)
        : random() < 0.3
          ? null
          : pick(random, segments),
    ]),
  );
}

const labelled = (held: Row): Row =>
  Object.fromEntries(Object.entries(held).map(([key, value]) => [`label_${key}`, value]));

export async function populate(
  database: TestDatabase,
  attributes: readonly Attribute[],
  columns: readonly LabelColumn[],
  size: { persons: number; companies: number; deals: number },
  seed: number,
): Promise<Population> {
  const { pool, tenant } = database;
  const random = randomFrom(seed);
  await addAttributes(pool, tenant, [...attributes]);
  for (const column of columns)
    await addLabelColumn(pool, tenant, column.subject, column.segmentation, column.labels);

  const companies = Array.from({ length: size.companies }, (_, i) => ({
    id: String(i + 1),
    row: rowOf(random, 'company', attributes),
    held: labels(random, columns, 'company'),
  }));
  const persons = Array.from({ length: size.persons }, (_, i) => ({
    id: String(i + 1),
    row: rowOf(random, 'person', attributes),
    held: labels(random, columns, 'person'),
    company: random() < 0.3 ? null : pick(random, companies),
  }));
  const deals = Array.from({ length: size.deals }, (_, i) => {
    const row: Row = { id: i + 1, ...rowOf(random, 'deal', attributes) };
    row.revenue = random() < 0.2 ? null : pick(random, NUMBERS);
    row.counts = random() < 0.8;
    const person = random() < 0.2 ? null : pick(random, persons);
    const company = random() < 0.3 ? null : pick(random, companies);
    const involved = [...new Set([person, random() < 0.5 ? pick(random, persons) : null])].filter(
      (one) => one !== null,
    );
    return { row, person, company, involved };
  });

  const { schema } = tenant;
  await insert(
    pool,
    `${schema}.company`,
    companies.map(({ id, row, held }) => ({ id, ...row, ...labelled(held) })),
  );
  await insert(
    pool,
    `${schema}.person`,
    persons.map(({ id, row, held, company }) => ({
      id,
      company_id: company?.id ?? null,
      ...row,
      ...labelled(held),
    })),
  );
  await insert(
    pool,
    `${schema}.deal`,
    deals.map(({ row, person, company }) => ({
      connection_id: 'c',
      record_id: String(row.id),
      person_id: person?.id ?? null,
      company_id: company?.id ?? null,
      ...row,
    })),
  );
  await insert(
    pool,
    `${schema}.deal_person`,
    deals.flatMap(({ row, involved }) =>
      involved.map(({ id }) => ({ deal_id: row.id ?? null, person_id: id })),
    ),
  );

  const dealsOf = (belongs: (deal: (typeof deals)[number]) => boolean): Row[] =>
    deals.filter(belongs).map(({ row }) => row);
  return {
    persons: persons.map(({ id, row, held, company }) => ({
      id,
      held,
      person: row,
      company: company?.row ?? null,
      companyLabels: company?.held ?? {},
      deals: {
        credited: dealsOf((deal) => deal.person?.id === id),
        involved: dealsOf((deal) => deal.involved.some((one) => one.id === id)),
        company: company === null ? [] : dealsOf((deal) => deal.company?.id === company.id),
      },
      contacts: [],
    })),
    companies: companies.map(({ id, row, held }) => ({
      id,
      held,
      person: {},
      company: row,
      deals: { credited: [], involved: [], company: dealsOf((deal) => deal.company?.id === id) },
      contacts: persons.filter((one) => one.company?.id === id).map((one) => one.row),
    })),
  };
}

/** Rows of one shape, through jsonb, so that every column takes its own type. */
export async function insert(db: Queryable, table: string, rows: readonly Row[]): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const names = Object.keys(first)
    .map((name) => `"${name}"`)
    .join(', ');
  await db.query(
    `insert into ${table} (${names}) select ${names} from jsonb_populate_recordset(null::${table}, $1::jsonb)`,
    [JSON.stringify(rows)],
  );
}
