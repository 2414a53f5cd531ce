import { homeCurrencies } from '../pipeline/profile/rates.ts';
import { RevenueSetting } from '../pipeline/profile/revenue.ts';
import { listConnections } from '../store/connections.ts';
import type { Queryable } from '../store/pool.ts';
import type { Tenant } from '../store/tenant.ts';

/** A rate that a CRM told: units of the account's home currency for one unit, from a day on (null: always). */
export type ToldRate = {
  connectionId: string;
  connection: string;
  currency: string;
  rate: string;
  from: string | null;
  home: string;
};

/** The newest rate that each CRM told of each currency, best rank first. They come before the tenant's own. */
export async function toldRates(db: Queryable, tenant: Tenant): Promise<ToldRate[]> {
  const { rows } = await db.query<Pick<ToldRate, 'currency' | 'rate' | 'from'> & { source: string }>(
    `select distinct on (source, currency) source, currency, rate::text as rate,
       nullif(valid_from, '0001-01-01'::date)::text as "from"
     from ${tenant.schema}.rate where source <> 'tenant' order by source, currency, valid_from desc`,
  );
  const homes = await homeCurrencies(db, tenant);
  return (await listConnections(db, tenant)).flatMap(({ id, name, config }) => {
    const chosen = RevenueSetting.parse(config.revenue ?? {}).currency;
    const home = chosen ?? homes.get(id) ?? tenant.currency;
    return rows
      .filter(({ source }) => source === id)
      .map(({ source: _, ...rate }) => ({ connectionId: id, connection: name, ...rate, home }));
  });
}
