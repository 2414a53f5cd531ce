/** Made once: making a format takes longer than all else on a card. */
const FORMAT = new Intl.NumberFormat('en-US', { style: 'percent', maximumFractionDigits: 1 });
const LEAST = 0.0005;

/**
 * A share of 1 in percent, the same on screens, in sentences and in the command line: 8.5%, which no line ends within.
 * What is more than nothing never reads as nothing.
 */
export function showShare(share: number): string {
  return share > 0 && share < LEAST ? 'under 0.1%' : FORMAT.format(share);
}
