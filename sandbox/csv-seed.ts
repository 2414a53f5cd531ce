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

/** In UTC where the text names no zone; null where it is empty. */
const iso = (text: string, path: string): string | null => {
  if (text.trim() === '') return null;
  const hasTime = text.trim().length > 10;
  const hasZone = /(Z|[+-]\d{2}:?\d{2})$/.test(text.trim().slice(10));
  const ms = Date.parse(hasTime && !hasZone ? `${text.trim().replace(' ', 'T')}Z` : text);
  if (Number.isNaN(ms)) throw new Error(`${path}: '${text}' is no date`);
  return new Date(ms).toISOString();
};

/** However the file writes it; any other stage is one of an open deal. */
const stageOf = (text: string, system: 'hubspot' | 'salesforce'): string => {
  const stage = text.toLowerCase().replace(/[\s_-]/g, '');
  const isHubspot = system === 'hubspot';
  if (stage === 'won' || stage === 'closedwon') return isHubspot ? 'closedwon' : 'Closed Won';
  if (stage === 'lost' || stage === 'closedlost') return isHubspot ? 'closedlost' : 'Closed Lost';
  return isHubspot ? 'appointmentscheduled' : 'Prospecting';
};

const amountOf = (deal: z.infer<typeof Deal>, path: string): number | null => {
  if (deal.amount.trim() === '') return null;
  const amount = Number(deal.amount);
  if (Number.isFinite(amount)) return amount;
  throw new Error(`${path}: deal ${deal.deal_id}: '${deal.amount}' is no amount`);
};

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
  const isThere = new Set(contacts.map((one) => one.contact_id));
  const closed = deals.map((one) => iso(one.closed_at, dealsCsv));
  // Records of a CRM always say when they were made: those of the file that do not, before all deals.
  const earliest = closed.reduce<string>(
    (first, at) => (at !== null && at < first ? at : first),
    new Date().toISOString(),
  );
  return {
    contacts: contacts.map((one) => {
      const createdAt = iso(one.created_at, contactsCsv) ?? earliest;
      const properties: SeedRow['properties'] = isHubspot
        ? { email: one.email, firstname: one.first_name, lastname: one.last_name, lifecyclestage: 'customer' }
        : { Email: one.email, FirstName: one.first_name, LastName: one.last_name };
      return { ref: one.contact_id, properties, createdAt, updatedAt: createdAt };
    }),
    companies: [],
    deals: deals.map((one, index) => {
      const closedAt = closed[index] ?? null;
      const createdAt = closedAt ?? earliest;
      const amount = amountOf(one, dealsCsv);
      const properties: SeedRow['properties'] = isHubspot
        ? {
            dealname: `Order ${one.deal_id}`,
            amount: amount === null ? null : one.amount.trim(),
            deal_currency_code: one.currency,
            pipeline: 'default',
            dealstage: stageOf(one.stage, system),
            closedate: closedAt,
          }
        : {
            Name: `Order ${one.deal_id}`,
            Amount: amount,
            CurrencyIsoCode: one.currency,
            StageName: stageOf(one.stage, system),
            // Required there.
            CloseDate: createdAt.slice(0, 10),
            RecordTypeId: '2',
          };
      return {
        ref: one.deal_id,
        properties,
        createdAt,
        updatedAt: createdAt,
        // A deal of somebody who is not in the file belongs to nobody.
        links: isThere.has(one.contact_id)
          ? [{ to: 'contact' as const, ref: one.contact_id, primary: true, role: 'Decision Maker' }]
          : [],
      };
    }),
    leads: [],
    owners: [],
    pipelines: isHubspot ? HUBSPOT_PIPELINES : SALESFORCE_PIPELINES,
    properties: [],
  };
}
