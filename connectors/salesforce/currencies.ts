import type { Context } from '../contract.ts';
import type { SalesforceConfig } from './config.ts';
import { isUnknownField, isUnknownObject } from './dialect.ts';
import { isTrue } from './records.ts';
import { allRows, type Row } from './soql.ts';

type Rate = { currency: string; rate: string; from: string | null };

/**
 * The corporate currency, and what one unit of each other is worth in it: Salesforce counts the other way round.
 * Orgs with one currency have no rates; those without dated rates have today's only.
 */
export async function currenciesOfSalesforce(
  context: Context<SalesforceConfig>,
): Promise<{ home: string | null; rates: Rate[] }> {
  const types = await rowsOf(context, 'CurrencyType', 'Id, IsoCode, ConversionRate, IsCorporate');
  const corporate = types.find((row) => isTrue(row('IsCorporate')));
  if (corporate === undefined) return { home: await defaultCurrency(context), rates: [] };
  const home = String(corporate('IsoCode'));
  const dated = await rowsOf(context, 'DatedConversionRate', 'Id, IsoCode, StartDate, ConversionRate');
  const hasDates = new Set(dated.map((row) => row('IsoCode')));
  const rates = [
    ...dated.flatMap((row) => rateOf(row, String(row('StartDate')))),
    ...types.filter((row) => !hasDates.has(row('IsoCode'))).flatMap((row) => rateOf(row, null)),
  ];
  return { home, rates: rates.filter(({ currency }) => currency !== home) };
}

const DECIMALS = 12;

function rateOf(row: Row, from: string | null): Rate[] {
  const units = Number(row('ConversionRate'));
  if (!(units > 0)) return [];
  return [{ currency: String(row('IsoCode')), rate: (1 / units).toFixed(DECIMALS), from }];
}

/** All rows of an object that not every org has. */
async function rowsOf(context: Context<SalesforceConfig>, from: string, select: string): Promise<Row[]> {
  const found: Row[] = [];
  try {
    for await (const rows of allRows(context, { select, from, where: [] })) found.push(...rows);
  } catch (error) {
    if (!isUnknownObject(error)) throw error;
  }
  return found;
}

async function defaultCurrency(context: Context<SalesforceConfig>): Promise<string | null> {
  const of = { select: 'Id, DefaultCurrencyIsoCode', from: 'Organization', where: [] };
  try {
    for await (const [row] of allRows(context, of)) {
      const code = row?.('DefaultCurrencyIsoCode');
      return typeof code === 'string' ? code : null;
    }
  } catch (error) {
    if (!isUnknownField(error)) throw error;
  }
  return null;
}
