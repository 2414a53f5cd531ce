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
