import { computedAttributes, findInCatalogue } from '../src/segmentation/catalogue.ts';
import { ofPurchaseDays, purchaseColumns, purchaseDays } from '../src/segmentation/purchase-days.ts';
import { addAttributes } from '../src/store/columns.ts';
import type { Pool } from '../src/store/pool.ts';
import type { Tenant } from '../src/store/tenant.ts';

/** The instant that everything here is measured as of. */
export const AS_OF = new Date('2026-06-01T00:00:00Z');

const AT_ONCE = 100_000;
const PERSONS_OF_A_COMPANY = 10;

const OF_CATALOGUE = {
  person: ['country', 'age', 'email_opted_out', 'no_profiling', 'seniority', 'website_visits'],
  company: ['industry', 'employee_count'],
  deal: ['amount', 'won', 'closed', 'closed_at', 'deal_type'],
} as const;

/**
 * Customers who buy as in life: two in five once, some often, and leave at times; a fifth of their deals is lost, more
 * of them where nobody senior takes part. A company for every ten of them. What profile would work out is filled in.
 */
export async function fillCustomers(pool: Pool, tenant: Tenant, persons: number): Promise<void> {
  const { schema } = tenant;
  await addAttributes(pool, tenant, [
    ...computedAttributes,
    ...Object.entries(OF_CATALOGUE).flatMap(([owner, keys]) =>
      keys.map((key) => {
        const found = findInCatalogue(owner === 'person' || owner === 'company' ? owner : 'deal', key);
        if (!found) throw new Error(`the catalogue has no ${owner}.${key}`);
        return found.attribute;
      }),
    ),
  ]);
  const bought = purchaseColumns.map((name) => `${ofPurchaseDays[name]} as ${name}`).join(', ');
  const days = purchaseDays(
    `${schema}.deal d`,
    'd.won and d.person_id between $1::bigint and $2::bigint',
    'd.person_id',
  );
  await pool.query(
    `insert into ${schema}.company (industry, employee_count)
     select 'I' || n % 12, 5 + (hashint8(n) & 1023) from generate_series(1, $1::bigint) n`,
    [Math.ceil(persons / PERSONS_OF_A_COMPANY)],
  );
  for (let from = 1; from <= persons; from += AT_ONCE) {
    const range = [from, Math.min(persons, from + AT_ONCE - 1)];
    await pool.query(
      `insert into ${schema}.deal (connection_id, record_id, person_id, company_id, closed_at, won, closed, deal_type,
         amount, revenue)
       select 'bench', b.id || '-' || k, b.id, 1 + (b.id - 1) / ${PERSONS_OF_A_COMPANY}, d.day, d.won, true,
         'newbusiness', d.amount, d.amount
       from (
         select n as id, date '2024-06-01' + (${chance('n', 1)} * 640)::int as first,
           1 + floor(8 * ${chance('n', 2)} ^ 3)::int as deals, 10 + 120 * ${chance('n', 3)} as gap
         from generate_series($1::bigint, $2::bigint) n
       ) b
       cross join lateral generate_series(1, b.deals) k
       cross join lateral (
         select b.first + ((k - 1) * b.gap * (0.3 + 1.4 * ${chance('b.id * 8 + k', 4)}))::int as day,
           ${chance('b.id * 8 + k', 5)} < case when b.id % 4 = 0 then 0.9 else 0.75 end as won,
           round((20 + 400 * ${chance('b.id', 6)} ^ 2 * (0.5 + ${chance('b.id * 8 + k', 7)}))::numeric, 2) as amount
       ) d
       where d.day <= date '2026-05-31'`,
      range,
    );
    await pool.query(
      `insert into ${schema}.person (id, company_id, country, age, email_opted_out, seniority, website_visits,
         deal_count, revenue_total, first_order_at, last_order_at, bought_days, bought_first, bought_last, bought_again)
       select n, 1 + (n - 1) / ${PERSONS_OF_A_COMPANY}, 'C' || (n * 7919 % 20), 16 + n * 104729 % 60,
         case when n % 9 = 0 then true end, case when n % 4 = 0 then 'vp' else 'entry' end, (${chance('n', 8)} ^ 2 * 60)::int,
         coalesce(d.deals, 0), coalesce(d.revenue, 0), d.first, d.last, coalesce(b.days, 0), b.first, b.last, b.again
       from generate_series($1::bigint, $2::bigint) n
       left join (
         select person_id as id, count(*) as deals, sum(revenue) as revenue, min(closed_at) as first, max(closed_at) as last
         from ${schema}.deal where won and person_id between $1::bigint and $2::bigint group by 1
       ) d on d.id = n
       left join (select id, ${bought} from (${days}) day group by 1) b on b.id = n`,
      range,
    );
  }
  await pool.query(`select setval(pg_get_serial_sequence('${schema}.person', 'id'), $1::bigint)`, [persons]);
  await pool.query('analyze');
}

/** A number from 0 to 1 that a row always has. */
function chance(row: string, which: number): string {
  return `((hashint8(${row} * 16 + ${which}) & 16777215) / 16777216.0::float8)`;
}
