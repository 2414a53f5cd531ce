import type { Segmentation } from './definition.ts';
import { references } from './references.ts';

/** Those whose scores others build on come first; the rest stays in the order given. check.ts lets no circle through. */
export function inLearnOrder<Row extends { definition: Segmentation }>(rows: readonly Row[]): Row[] {
  const byKey = new Map(rows.map((row) => [row.definition.key, row]));
  const ordered = new Set<Row>();
  const visit = (row: Row, above: readonly Row[]): void => {
    if (ordered.has(row) || above.includes(row)) return;
    for (const reference of references(row.definition)) {
      if (reference.kind !== 'score') continue;
      const source = byKey.get(reference.name.split('.')[0] ?? '');
      if (source !== undefined && source !== row) visit(source, [...above, row]);
    }
    ordered.add(row);
  };
  for (const row of rows) visit(row, []);
  return [...ordered];
}
