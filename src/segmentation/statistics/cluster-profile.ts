import { type AttributeTable, optionsOf, type TableColumn, valuesOf } from './attribute-table.ts';
import { at, mean, variance } from './vectors.ts';

/** How one cluster differs in one attribute, or in one choice of it. */
export type Trait = {
  column: string;
  option?: string;
  /** Mean within and outside; for choices: shares. */
  inside: number;
  outside: number;
  /** (inside - outside) / pooled standard deviation: Cohen's d; 0 where nothing varies. .2 small, .5 medium, .8 large. */
  difference: number;
};

/** The traits of cluster `c`, the strongest first. Unknown values take no part. */
export function clusterTraits(table: AttributeTable, labels: ArrayLike<number>, c: number): Trait[] {
  return table.columns
    .flatMap((column) => traitsOf(column, labels, c))
    .sort((a, b) => Math.abs(b.difference) - Math.abs(a.difference));
}

/** A name from the strongest traits, such as "high revenue, low days_since_last"; "average" where none stands out. */
function nameFromTraits(traits: readonly Trait[], most = 2): string {
  const strong = traits.filter((trait) => Math.abs(trait.difference) >= 0.5).slice(0, most);
  if (strong.length === 0) return 'average';
  return strong
    .map(({ column, option, difference }) => {
      if (option === undefined) return `${difference > 0 ? 'high' : 'low'} ${column}`;
      return `${difference > 0 ? 'often' : 'rarely'} ${column} ${option}`;
    })
    .join(', ');
}

/** Names of all clusters; where two agree, more traits tell them apart, then a number. */
export function nameClusters(traits: readonly (readonly Trait[])[]): string[] {
  const names = traits.map((own) => nameFromTraits(own));
  const twice = (name: string) => names.filter((other) => other === name).length > 1;
  const longer = names.map((name, c) => (twice(name) ? nameFromTraits(at(traits, c), 4) : name));
  const used = new Map<string, number>();
  return longer.map((name) => {
    const count = (used.get(name) ?? 0) + 1;
    used.set(name, count);
    return count === 1 ? name : `${name} (${count})`;
  });
}

function traitsOf(column: TableColumn, labels: ArrayLike<number>, c: number): Trait[] {
  if (column.kind === 'number') {
    const trait = contrast(column.values, labels, c);
    return trait ? [{ column: column.name, ...trait }] : [];
  }
  const options = new Set<string>();
  for (const value of valuesOf(column)) for (const option of optionsOf(value)) options.add(option);
  return [...options].flatMap((option) => {
    const has = valuesOf(column).map((value) =>
      value === null ? null : Number(optionsOf(value).includes(option)),
    );
    const trait = contrast(has, labels, c);
    return trait ? [{ column: column.name, option, ...trait }] : [];
  });
}

function contrast(values: readonly (number | null)[], labels: ArrayLike<number>, c: number) {
  const inside: number[] = [];
  const outside: number[] = [];
  values.forEach((value, i) => {
    if (value !== null) (at(labels, i) === c ? inside : outside).push(value);
  });
  if (inside.length === 0 || outside.length === 0) return undefined;
  const freedom = inside.length + outside.length - 2;
  const pooled =
    freedom > 0
      ? (variance(inside) * (inside.length - 1) + variance(outside) * (outside.length - 1)) / freedom
      : 0;
  const gap = mean(inside) - mean(outside);
  return {
    inside: mean(inside),
    outside: mean(outside),
    difference: pooled > 0 ? gap / Math.sqrt(pooled) : Math.sign(gap) * (gap === 0 ? 0 : 10),
  };
}
