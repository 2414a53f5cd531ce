import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool } from '../src/store/pool.ts';
import type { Tenant } from '../src/store/tenant.ts';

const FIRST_CONTACT = 100_000;
const FIRST_COMPANY = 7_000_000;
const FIRST_DEAL = 50_000_000;
const DEALS_OF_A_CONTACT = 2;
const CONTACTS_OF_A_COMPANY = 20;

/** Files of as many contacts as `layRecords` lays, with the same ids, for a CRM that they are written back to. */
export async function contactFiles(
  contacts: number,
): Promise<{ contactsCsv: string; dealsCsv: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'segment-sync-bench-'));
  const contactsCsv = join(folder, 'contacts.csv');
  const dealsCsv = join(folder, 'deals.csv');
  const rows = Array.from({ length: contacts }, (_, index) => {
    const n = index + 1;
    return `${FIRST_CONTACT + n},${emailOf(n)},First${n % 500},Last${n % 3_000},2025-03-01`;
  });
  await writeFile(contactsCsv, `contact_id,email,first_name,last_name,created_at\n${rows.join('\n')}\n`);
  await writeFile(dealsCsv, 'deal_id,contact_id,amount,currency,stage,closed_at\n');
  return { contactsCsv, dealsCsv, remove: () => rm(folder, { recursive: true, force: true }) };
}

const emailOf = (n: number) => `p${n}@mail${n % 1_000}.example`;

/**
 * Leaves a store as a first pull of all records does: contacts, a company for every twenty of them, two deals for each,
 * their links, all of them touched, and cursors that say that everything was read. A pull at a CRM's pace takes hours
 * for a million; what comes after it does not depend on how the records came.
 * @returns how many records there are
 */
export async function layRecords(pool: Pool, tenant: Tenant, contacts: number): Promise<number> {
  const { schema } = tenant;
  const companies = Math.ceil(contacts / CONTACTS_OF_A_COMPANY);
  const deals = contacts * DEALS_OF_A_CONTACT;
  const { rows } = await pool.query<{ id: string }>('select id from app.connection where tenant_id = $1', [
    tenant.id,
  ]);
  const connection = rows[0]?.id;
  if (connection === undefined) throw new Error('records are laid for a connection, and there is none');
  const lay = (statement: string, count: number) =>
    pool.query(statement.replaceAll('{schema}', schema), [connection, count]);
  await lay(
    `insert into {schema}.company_record (connection_id, id, domain, properties, source_created_at, source_updated_at)
     select $1, (${FIRST_COMPANY} + n)::text, 'firm' || n || '.example',
       jsonb_build_object('name', 'Firm ' || n, 'domain', 'firm' || n || '.example', 'industry', 'I' || n % 12,
         'employee_count', 5 + n % 900, 'country', 'C' || n % 20, 'owner', (1 + n % 6)::text),
       date '2023-01-01' + (n % 600)::int, date '2025-03-01' + (n % 200)::int
     from generate_series(1, $2::bigint) n`,
    companies,
  );
  await lay(
    `insert into {schema}.contact_record (connection_id, id, kind, email, properties, source_created_at,
       source_updated_at)
     select $1, (${FIRST_CONTACT} + n)::text, 'contact', e.email,
       jsonb_build_object('email', e.email, 'first_name', 'First' || n % 500, 'last_name', 'Last' || n % 3000,
         'country', 'C' || n * 7919 % 20, 'city', 'City ' || n % 700, 'age', 18 + n % 60, 'language', 'en',
         'title', 'Head of ' || n % 90, 'seniority', case when n % 4 = 0 then 'vp' else 'entry' end,
         'owner', (1 + n % 6)::text, 'lifecycle_stage', 'customer', 'lead_source', 'OFFLINE',
         'website_visits', n % 40, 'page_views', n % 200, 'emails_opened', n % 30, 'emails_delivered', n % 60,
         'crm_score', n % 100, 'last_visit_at', '2026-05-01T10:00:00.000Z', 'email_opted_out', n % 9 = 0),
       date '2024-01-01' + (n % 400)::int, date '2025-03-01' + (n % 200)::int
     from generate_series(1, $2::bigint) n
     cross join lateral (select 'p' || n || '@mail' || n % 1000 || '.example' as email) e`,
    contacts,
  );
  await lay(
    `insert into {schema}.deal_record (connection_id, id, properties, source_created_at, source_updated_at)
     select $1, (${FIRST_DEAL} + n)::text,
       jsonb_build_object('name', 'Deal ' || n, 'amount', (n * 48271 % 120000) / 100.0, 'pipeline', 'default',
         'stage', case when n % 4 = 0 then 'closedlost' else 'closedwon' end, 'closed', true, 'won', n % 4 <> 0,
         'deal_type', 'newbusiness', 'owner', (1 + n % 6)::text,
         'closed_at', to_char(date '2024-06-01' + (n * 16807 % 700)::int, 'YYYY-MM-DD')),
       date '2024-05-01' + (n * 16807 % 700)::int, date '2024-06-01' + (n * 16807 % 700)::int
     from generate_series(1, $2::bigint) n`,
    deals,
  );
  await lay(
    `insert into {schema}.association (connection_id, from_object, from_id, to_object, to_id, is_primary)
     select $1, 'contact', (${FIRST_CONTACT} + n)::text, 'company',
       (${FIRST_COMPANY} + 1 + n * 7919 % ${companies})::text, true
     from generate_series(1, $2::bigint) n where n % 2 = 0`,
    contacts,
  );
  await lay(
    `insert into {schema}.association (connection_id, from_object, from_id, to_object, to_id, is_primary, role)
     select $1, 'deal', (${FIRST_DEAL} + n)::text, 'contact',
       (${FIRST_CONTACT} + 1 + n * 104729 % ${contacts})::text, true, 'Decision Maker'
     from generate_series(1, $2::bigint) n`,
    deals,
  );
  await lay(
    `insert into {schema}.cursor (connection_id, object, purpose, value, done)
     select $1, object, purpose, jsonb_build_object('cursor', jsonb_build_object('since', $2::bigint)), true
     from unnest(array['contact', 'company', 'deal']) object, unnest(array['full', 'changes', 'deleted']) purpose`,
    Date.now(),
  );
  await pool.query(`update ${schema}.mapping set filled = true`);
  for (const table of ['contact_record', 'company_record', 'deal_record', 'association'])
    await pool.query(`vacuum analyze ${schema}.${table}`);
  return contacts + companies + deals;
}
