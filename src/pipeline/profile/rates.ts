import { z } from 'zod';
import { getCursor, saveCursor } from '../../store/cursors.ts';
import { noteAllDirty } from '../../store/dirty.ts';
import type { Queryable } from '../../store/pool.ts';
import type { Tenant } from '../../store/tenant.ts';
import type { OpenConnection, StageContext } from '../stage.ts';
import { fenced } from '../with-leases.ts';

const Home = z.object({ home: z.string().nullable() });

/**
 * Takes over the CRM's home currency and its rates. A connection's rates lead to its own home currency; from there
 * the tenant's table goes on where that is another one. Where a rate changed, all deals are worked out again.
 */
export async function pullRates(work: StageContext, connection: OpenConnection): Promise<void> {
  const { connector, context } = connection;
  if (!connector.currencies) return;
  const { tenant } = work;
  const { home, rates } = await connector.currencies(context);
  await fenced(work, async (client) => {
    const key = { connectionId: connection.id, object: 'deal', purpose: 'currencies' } as const;
    const before = await getCursor(client, tenant, key);
    const { rows } = await client.query<{ changed: number }>(
      `with told as materialized (
         select upper(currency) as currency, coalesce("from", '0001-01-01'::date) as valid_from, max(rate) as rate
         from jsonb_to_recordset($2::jsonb) as t (currency text, rate numeric, "from" date)
         where rate > 0 group by 1, 2
       ),
       gone as (
         delete from ${tenant.schema}.rate r where r.source = $1
           and not exists (select from told t where t.currency = r.currency and t.valid_from = r.valid_from)
         returning 1
       ),
       written as (
         insert into ${tenant.schema}.rate as r (currency, valid_from, rate, source)
         select currency, valid_from, rate, $1 from told
         on conflict (currency, valid_from, source) do update set rate = excluded.rate
           where r.rate is distinct from excluded.rate
         returning 1
       )
       select ((select count(*) from gone) + (select count(*) from written))::int as changed`,
      [connection.id, JSON.stringify(rates)],
    );
    const hasNewHome = Home.safeParse(before?.value).data?.home !== home;
    if (hasNewHome) await saveCursor(client, tenant, key, { value: { home }, done: true });
    if (hasNewHome || (rows[0]?.changed ?? 0) > 0) await noteAllDirty(client, tenant, 'profile', 'deal');
  });
}

/** The home currency of each connection whose CRM told it. */
export async function homeCurrencies(db: Queryable, tenant: Tenant): Promise<Map<string, string>> {
  const { rows } = await db.query<{ connection_id: string; home: string }>(
    `select connection_id, value ->> 'home' as home from ${tenant.schema}.cursor
     where purpose = 'currencies' and value ->> 'home' is not null`,
  );
  return new Map(rows.map((row) => [row.connection_id, row.home.toUpperCase()]));
}

/**
 * SQL: the rate from `currency` to the tenant's currency for one connection on a day, null where there is none.
 * Parameters are expressions; `tenantCurrency` too. Looks at the CRM's rates first, then at the tenant's table.
 */
export function rateSql(
  schema: string,
  of: { currency: string; connectionId: string; home: string; day: string; tenantCurrency: string },
): string {
  const latest = (source: string, currency: string) =>
    `(select r.rate from ${schema}.rate r where r.source = ${source} and r.currency = ${currency}
        and r.valid_from <= ${of.day} order by r.valid_from desc limit 1)`;
  const fromHome = `case when ${of.home} = ${of.tenantCurrency} then 1 else ${latest(`'tenant'`, of.home)} end`;
  return `case
    when ${of.currency} = ${of.tenantCurrency} then 1
    when ${of.currency} = ${of.home} then ${latest(`'tenant'`, of.currency)}
    else coalesce(${latest(of.connectionId, of.currency)} * ${fromHome}, ${latest(`'tenant'`, of.currency)})
  end`;
}
