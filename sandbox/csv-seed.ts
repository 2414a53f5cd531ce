import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { HUBSPOT_PIPELINES } from './company/hubspot-shape.ts';
import { SALESFORCE_PIPELINES } from './company/salesforce-shape.ts';
import type { CrmSeed, SeedRow } from './seed.ts';

/** A data set of contacts and deals as a CRM would hold it; its ids stay the record ids. */

const Contact = z.object({
  contact_id: z.string().min(1),
  email: z.string(),
  first_name: z.string(),
  last_name: z.string(),
  created_at: z.string(),
});
const Deal = z.object({
  deal_id: z.string().min(1),
  contact_id: z.string(),
  amount: z.string(),
  currency: z.string(),
  stage: z.string(),
  closed_at: z.string(),
});

function rowsOf<T extends z.ZodType>(path: string, schema: T, columns: string[]): z.infer<T>[] {
  const rows: unknown = parse(readFileSync(path), { columns: true, bom: true, skip_empty_lines: true });
  const parsed = z.array(schema).safeParse(rows);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(
    `${path}: row ${Number(issue?.path[0] ?? 0) + 2}, column ${String(issue?.path[1])}: ${issue?.message}. It takes the columns ${columns.join(', ')}.`,
  );
}

const iso = (day: string, path: string): string => {
  const ms = Date.parse(day);
  if (Number.isNaN(ms)) throw new Error(`${path}: '${day}' is no date`);
  return new Date(ms).toISOString();
};

const STAGE_NAMES: Record<string, string> = { closedwon: 'Closed Won', closedlost: 'Closed Lost' };

/** Reads two files with the columns contact_id,email,... and deal_id,contact_id,amount,currency,stage,closed_at. */
export function seedFromCsv(options: {
  contactsCsv: string;
  dealsCsv: string;
  system: 'hubspot' | 'salesforce';
}): CrmSeed {
  const { contactsCsv, dealsCsv, system } = options;
  const contacts = rowsOf(contactsCsv, Contact, Object.keys(Contact.shape));
  const deals = rowsOf(dealsCsv, Deal, Object.keys(Deal.shape));
  const isHubspot = system === 'hubspot';
  return {
    contacts: contacts.map((one) => {
      const createdAt = iso(one.created_at, contactsCsv);
      const properties: SeedRow['properties'] = isHubspot
        ? { email: one.email, firstname: one.first_name, lastname: one.last_name, lifecyclestage: 'customer' }
        : { Email: one.email, FirstName: one.first_name, LastName: one.last_name };
      return { ref: one.contact_id, properties, createdAt, updatedAt: createdAt };
    }),
    companies: [],
    deals: deals.map((one) => {
      const closedAt = iso(one.closed_at, dealsCsv);
      const amount = Number(one.amount);
      if (one.amount.trim() === '' || !Number.isFinite(amount))
        throw new Error(`${dealsCsv}: deal ${one.deal_id}: '${one.amount}' is no amount`);
      const properties: SeedRow['properties'] = isHubspot
        ? {
            dealname: `Order ${one.deal_id}`,
            amount: one.amount,
            deal_currency_code: one.currency,
            pipeline: 'default',
            dealstage: one.stage,
            closedate: closedAt,
          }
        : {
            Name: `Order ${one.deal_id}`,
            Amount: amount,
            CurrencyIsoCode: one.currency,
            StageName: STAGE_NAMES[one.stage] ?? 'Prospecting',
            CloseDate: closedAt.slice(0, 10),
            RecordTypeId: '2',
          };
      return {
        ref: one.deal_id,
        properties,
        createdAt: closedAt,
        updatedAt: closedAt,
        links: [{ to: 'contact' as const, ref: one.contact_id, primary: true, role: 'Decision Maker' }],
      };
    }),
    leads: [],
    owners: [],
    pipelines: isHubspot ? HUBSPOT_PIPELINES : SALESFORCE_PIPELINES,
    properties: [],
  };
}
