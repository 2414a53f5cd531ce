import { at } from './vectors.ts';

/**
 * Adjusts p-values for the number of tests, in the order given. Compare the result with alpha as usual.
 * Holm 1979: any false alarm at all; Benjamini & Hochberg 1995: the share of false alarms among the findings.
 */
export function adjustPValues(pValues: readonly number[], method: 'holm' | 'benjamini_hochberg'): number[] {
  const count = pValues.length;
  const order = pValues.map((_, i) => i).sort((a, b) => at(pValues, a) - at(pValues, b));
  const adjusted = new Array<number>(count).fill(1);
  if (method === 'holm') {
    let floor = 0;
    order.forEach((index, rank) => {
      floor = Math.max(floor, Math.min(1, (count - rank) * at(pValues, index)));
      adjusted[index] = floor;
    });
    return adjusted;
  }
  let ceiling = 1;
  for (let rank = count; rank >= 1; rank--) {
    const index = at(order, rank - 1);
    ceiling = Math.min(ceiling, (at(pValues, index) * count) / rank);
    adjusted[index] = ceiling;
  }
  return adjusted;
}
