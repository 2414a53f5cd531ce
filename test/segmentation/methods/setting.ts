import { computedAttributes, findInCatalogue } from '../../../src/segmentation/catalogue.ts';
import { compileLabels, type Plan } from '../../../src/segmentation/compile.ts';
import type { Segmentation } from '../../../src/segmentation/definition.ts';
import { planExplain } from '../../../src/segmentation/explain.ts';
import { type LearnContext, learn, planLearn } from '../../../src/segmentation/learn.ts';
import type { Model } from '../../../src/segmentation/model.ts';
import { addAttributes } from '../../../src/store/columns.ts';
import { openTestDatabase, type TestDatabase } from '../../database.ts';
import { insert } from '../population.ts';

const catalogueOf = (owner: 'person' | 'company' | 'deal', keys: string[]) =>
  keys.flatMap((key) => findInCatalogue(owner, key)?.attribute ?? []);

export const attributes = [
  ...computedAttributes,
  ...catalogueOf('person', [
    'no_profiling',
    'country',
    'job_title',
    'seniority',
    'needs',
    'website_visits',
    'lifecycle_stage',
    'lead_status',
    'nps_score',
    'last_login_at',
  ]),
  ...catalogueOf('company', ['industry', 'employee_count', 'country', 'annual_revenue', 'lead_source']),
  ...catalogueOf('deal', ['amount', 'won', 'closed', 'closed_at', 'deal_type']),
];

export type Row = Record<string, unknown> & { id: string };

/** A database with subjects of the caller's own, and the engine over it as of one day. */
export type Bench = {
  database: TestDatabase;
  asOf: Date;
  fill(table: 'person' | 'company' | 'deal' | 'deal_person', rows: Record<string, unknown>[]): Promise<void>;
  learnRows(definition: Segmentation, others?: Plan[]): Promise<unknown[]>;
  learn(definition: Segmentation, context?: LearnContext & { others?: Plan[] }): Promise<Model>;
  /** Labels and scores by id. */
  apply(...plans: Plan[]): Promise<Map<string, Row>>;
  /** The same as of another day. */
  applyAt(day: string, ...plans: Plan[]): Promise<Map<string, Row>>;
  /** All that is said to an administrator about one subject, one line after the other. */
  explain(id: number, ...plans: Plan[]): Promise<string>;
  close(): Promise<void>;
};

export async function openBench(day: string): Promise<Bench> {
  const database = await openTestDatabase();
  const { pool, tenant } = database;
  await addAttributes(pool, tenant, attributes);
  const asOf = noonOf(day);
  const common = { schema: tenant.schema, attributes, asOf, zone: 'UTC', fiscalYearStart: 1 };
  const learnRows = async (definition: Segmentation, others: Plan[] = []): Promise<unknown[]> => {
    const statement = planLearn(definition, { ...common, others });
    if (statement === null) throw new Error('nothing is learned');
    return (await pool.query(statement.sql, statement.values)).rows;
  };
  const applyAt = async (on: string, ...plans: Plan[]): Promise<Map<string, Row>> => {
    const { sql, values } = compileLabels({
      ...common,
      asOf: noonOf(on),
      subject: plans[0]?.definition.subject ?? 'person',
      segmentations: plans,
      restrict: 'all',
      stored: [],
    });
    const { rows } = await pool.query<Row>(sql, values);
    return new Map(rows.map((row) => [String(row.id), row]));
  };
  return {
    database,
    asOf,
    learnRows,
    async fill(table, rows) {
      for (let from = 0; from < rows.length; from += 5_000) {
        const part = rows.slice(from, from + 5_000) as Parameters<typeof insert>[2];
        await insert(pool, `${tenant.schema}.${table}`, part);
      }
    },
    learn: async (definition, context) =>
      learn(definition, await learnRows(definition, context?.others), asOf, context),
    apply: (...plans) => applyAt(day, ...plans),
    applyAt,
    async explain(id, ...plans) {
      const plan = planExplain({
        ...common,
        subject: plans[0]?.definition.subject ?? 'person',
        segmentations: plans,
        stored: [],
        ids: [String(id)],
        currency: 'EUR',
      });
      const { rows } = await pool.query<Row>(plan.sql, plan.values);
      return plan
        .interpret(rows[0] ?? {}, [], 'admin')
        .flatMap(({ segments }) => segments)
        .flatMap(({ isLabel, name, sentences, wouldChange }) => [
          ...(isLabel ? [name] : []),
          ...sentences,
          ...wouldChange,
        ])
        .join('\n');
    },
    close: () => database.close(),
  };
}

const noonOf = (day: string): Date => new Date(`${day}T12:00:00Z`);

/** A won deal of a person on a day. */
export function won(person: number | string, day: string, amount: number | null): Record<string, unknown> {
  dealCount += 1;
  return {
    connection_id: 'c',
    record_id: String(dealCount),
    person_id: person,
    closed_at: day,
    won: true,
    closed: true,
    counts: true,
    amount,
    revenue: amount,
  };
}
let dealCount = 0;
