const FORMATS = new Map<string, Intl.NumberFormat>();

/** $1,000 and $41,714.50, whatever the reader's country: cents are shown both, or not at all. */
export function showMoney(value: number, currency: string): string {
  // Making a format takes longer than all else on a card, so that each currency's is made once.
  let format = FORMATS.get(currency);
  if (format === undefined) {
    format = new Intl.NumberFormat('en-US', {
      style: 'currency',
      currency,
      trailingZeroDisplay: 'stripIfInteger',
    });
    FORMATS.set(currency, format);
  }
  return format.format(value);
}

/** An exchange rate as a CRM tells it, often with a dozen places: 1.1 for 1.099999890000. */
export const showRate = (rate: string): string =>
  Number(rate).toLocaleString('en-US', { maximumSignificantDigits: 6 });
