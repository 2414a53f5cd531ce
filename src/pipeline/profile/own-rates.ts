import { z } from 'zod';
import { InputError, NotFoundError } from '../../errors.ts';
import { noteAllDirty } from '../../store/dirty.ts';
import { type Pool, type Queryable, transaction } from '../../store/pool.ts';
import type { Tenant } from '../../store/tenant.ts';

export const RateCurrency = z
  .string()
  .trim()
  .toUpperCase()
  .regex(/^[A-Z]{3}$/, 'an ISO 4217 code such as EUR');

/** The first day on which a rate holds. The table has a day for "always" that is earlier than all of them. */
export const RateDay = z.iso
  .date('a day such as 2026-01-31')
  .refine((day) => day >= '1900-01-01', 'a day since 1900-01-01');

/** A rate of the tenant's own table; text, as a rate is never rounded. */
export const OwnRate = z.strictObject({
  currency: RateCurrency,
  rate: z
    .string()
    .trim()
    .regex(
      /^(?=.*[1-9])\d{1,12}(\.\d{1,12})?$/,
      'a number above 0 such as 0.0067, at most 12 digits after the point',
    )
    .describe('Units of the company’s currency for one unit of this one'),
  from: RateDay.nullable().default(null).describe('The first day on which it holds; null: always'),
});
export type OwnRate = z.infer<typeof OwnRate>;

type RateKey = Pick<OwnRate, 'currency' | 'from'>;

/** The tenant's own table, by currency and day. */
export async function listOwnRates(db: Queryable, tenant: Tenant): Promise<OwnRate[]> {
  const { rows } = await db.query<OwnRate>(
    `select currency, rate::text as rate, nullif(valid_from, '0001-01-01'::date)::text as "from"
     from ${tenant.schema}.rate where source = 'tenant' order by currency, valid_from`,
  );
  return rows;
}

/**
 * Sets rates of the tenant's own table, each from its day on; the next run works out all deals again. Answers the
 * rates that were replaced.
 * @throws InputError rate_of_own_currency, rate_twice
 */
export function setRates(pool: Pool, tenant: Tenant, rates: readonly OwnRate[]): Promise<OwnRate[]> {
  const seen = new Set<string>();
  for (const rate of rates) {
    if (rate.currency === tenant.currency) {
      throw new InputError(
        'rate_of_own_currency',
        `${rate.currency} is the company's own currency: it needs no rate. Nothing was changed.`,
        { action: `Give rates of other currencies, each in ${tenant.currency}.` },
      );
    }
    if (seen.has(keyOf(rate))) {
      throw new InputError('rate_twice', `There are two rates of ${told(rate)}. Nothing was changed.`, {
        action: 'Send one rate for each currency and day.',
      });
    }
    seen.add(keyOf(rate));
  }
  return transaction(pool, async (client) => {
    const before = await listOwnRates(client, tenant);
    await client.query(
      `insert into ${tenant.schema}.rate as r (currency, valid_from, rate, source)
       select currency, coalesce("from", '0001-01-01'::date), rate, 'tenant'
       from jsonb_to_recordset($1::jsonb) as t (currency text, rate numeric, "from" date)
       on conflict (currency, valid_from, source) do update set rate = excluded.rate`,
      [JSON.stringify(rates)],
    );
    await noteAllDirty(client, tenant, 'profile', 'deal');
    return before.filter((rate) => seen.has(keyOf(rate)));
  });
}

/** Removes one rate of the tenant's own table and answers it. @throws NotFoundError rate_unknown */
export function removeRate(pool: Pool, tenant: Tenant, key: RateKey): Promise<OwnRate> {
  return transaction(pool, async (client) => {
    const rates = await listOwnRates(client, tenant);
    const found = rates.find((rate) => keyOf(rate) === keyOf(key));
    if (!found) {
      const others = rates.filter(({ currency }) => currency === key.currency);
      throw new NotFoundError('rate_unknown', `There is no rate of ${told(key)}. Nothing was changed.`, {
        action:
          others.length > 0
            ? `Those that were given: ${others.map(told).join('; ')}.`
            : `No rate of ${key.currency} was given.`,
      });
    }
    await client.query(
      `delete from ${tenant.schema}.rate
       where source = 'tenant' and currency = $1 and valid_from = coalesce($2::date, '0001-01-01'::date)`,
      [key.currency, key.from],
    );
    await noteAllDirty(client, tenant, 'profile', 'deal');
    return found;
  });
}

/** After the tenant's currency changed: rates into the one before would be taken for rates into the new one. */
export async function dropOwnRates(db: Queryable, tenant: Tenant): Promise<void> {
  await db.query(`delete from ${tenant.schema}.rate where source = 'tenant'`);
}

const keyOf = ({ currency, from }: RateKey): string => `${currency} ${from ?? ''}`;
const told = ({ currency, from }: RateKey): string =>
  `${currency} ${from ? `from ${from} on` : 'for always'}`;
