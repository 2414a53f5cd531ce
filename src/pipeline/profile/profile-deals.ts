import { quoted } from '../../store/identifier.ts';
import type { PoolClient } from '../../store/pool.ts';
import type { Profiling } from './profile.ts';
import { mappedColumns, writeColumns } from './profile-columns.ts';
import { rateSql } from './rates.ts';
import { REVENUE_COLUMNS, revenueSql } from './revenue.ts';

/**
 * Works out deals from the copy that counts: their attributes, whether they count, and their revenue in the
 * tenant's currency. The CRM's own home-currency amount comes before rates; without a rate revenue is unknown.
 * Notes everybody who has one of the deals that changed.
 */
export async function profileDeals(profiling: Profiling, client: PoolClient, ids: string[]): Promise<number> {
  const { work, attributes, connections } = profiling;
  const s = work.tenant.schema;
  const { columns, record } = mappedColumns(attributes, 'deal');
  // What the connection's setting says overrides what the CRM says.
  const decided: Record<string, string> = {
    won: revenueSql.won,
    closed: revenueSql.closed,
    currency: revenueSql.currency,
  };
  const rate = rateSql(s, {
    currency: 'money.currency',
    connectionId: 'cfg.connection_id',
    home: 'cfg.home',
    day: 'money.day',
    tenantCurrency: '$3',
  });
  const changed = await writeColumns(
    client,
    `${s}.deal`,
    [
      ...columns.map(({ name, value }) => ({ name, value: decided[name] ?? value })),
      { name: 'counts', value: revenueSql.counts },
      {
        name: 'revenue',
        value: `case
           when money.currency = $3 then money.amount
           when cfg.amount = 'amount' and cfg.home = $3 and p ? 'amount_home'
             then sign(money.amount) * abs((p ->> 'amount_home')::numeric)
           else money.amount * (${rate})
         end`,
      },
    ],
    {
      with: `cfg as materialized (
         select * from jsonb_to_recordset($2::jsonb) as t (${REVENUE_COLUMNS}, defaults jsonb)
       ),
       batch as materialized (select id, connection_id, record_id from ${s}.deal where id = any($1::bigint[])),
       copies as materialized (
         select connection_id, id, properties from ${s}.deal_record
         where connection_id = any(array(select distinct connection_id from batch))
           and id = any(array(select record_id from batch))
       )`,
      id: 'd.id',
      from: `from batch d
         join cfg on cfg.connection_id = d.connection_id
         join copies r on r.connection_id = d.connection_id and r.id = d.record_id
         cross join lateral (select cfg.defaults || r.properties as p) deal_values
         cross join lateral (
           select ${revenueSql.amount} as amount, ${revenueSql.currency} as currency,
             coalesce((p ->> 'closed_at')::date, $4::date) as day
         ) money
         cross join lateral ${record === '' ? '(select 1) v' : `jsonb_to_record(p) as v (${record})`}`,
      values: [
        ids,
        JSON.stringify(connections.map((row) => ({ ...row, defaults: row.defaults.deal }))),
        work.tenant.currency,
        work.run.asOf.toISOString().slice(0, 10),
      ],
    },
  );
  if (changed.length > 0) await noteHolders(s, client, changed);
  return changed.length;
}

/** Persons and companies with these deals add up anew, and conditions may look at the deals themselves. */
async function noteHolders(schema: string, client: PoolClient, deals: string[]): Promise<void> {
  await client.query(
    `insert into ${schema}.dirty_subject (stage, subject, id)
     select stage, subject, id from (
       select 'person' as subject, person_id as id from ${schema}.deal where id = any($1::bigint[])
       union select 'person', person_id from ${schema}.deal_person where deal_id = any($1::bigint[])
       union select 'company', company_id from ${schema}.deal where id = any($1::bigint[])
     ) holder, unnest(array['profile', 'label']) stage
     where id is not null
     on conflict (stage, subject, id) do nothing`,
    [deals],
  );
}

/** Deal columns that totals read, or what stands for them where the tenant has no such attribute. */
export function dealColumns(
  attributes: { owner: string; key: string }[],
): Record<'won' | 'closed' | 'closed_at', string> {
  const has = new Set(
    attributes.filter((attribute) => attribute.owner === 'deal').map((attribute) => attribute.key),
  );
  const column = (name: string, otherwise: string) => (has.has(name) ? `d.${quoted(name)}` : otherwise);
  return {
    won: column('won', 'false'),
    closed: column('closed', 'null::boolean'),
    closed_at: column('closed_at', 'null::date'),
  };
}
