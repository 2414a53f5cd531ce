import { type AttributeTable, optionsOf, type TableColumn, valuesOf } from './attribute-table.ts';
import { at, byte, quantileOfSorted } from './vectors.ts';

/** One condition of a rule; it does not hold where the value is unknown. */
export type RuleTest =
  | { column: string; test: 'at_most' | 'above'; value: number }
  | { column: string; test: 'has' | 'has_not'; value: string };

/** A subject matches where all tests of any branch hold. */
export type TreeRule = { branches: RuleTest[][] };

export type RuleFidelity = {
  /** Of those that the rule takes, the share that belongs. */
  precision: number;
  /** Of those that belong, the share that the rule takes. */
  recall: number;
  /** How many the rule takes. */
  size: number;
};

export type RuleTreeOptions = { maxDepth?: number; minLeaf?: number };

/** A way to part the rows: those where the test holds, and those where its opposite does. */
type Split = { yes: RuleTest; no: RuleTest /** 1 where `yes` holds. */; mask: Uint8Array };

/**
 * Explains a group by a rule that people can read: a decision tree of at most three questions (Gini impurity;
 * Breiman et al. 1984), whose leaves with a majority of members become the branches. Fidelity is measured as the
 * rule will run: unknown values match nothing. `branches` is empty where no such rule exists.
 */
export function ruleFor(
  table: AttributeTable,
  isMember: (row: number) => boolean,
  options: RuleTreeOptions = {},
): TreeRule & RuleFidelity {
  const { maxDepth = 3, minLeaf = Math.max(1, Math.floor(table.rows / 100)) } = options;
  const member = Uint8Array.from({ length: table.rows }, (_, i) => (isMember(i) ? 1 : 0));
  const splits = table.columns.flatMap(candidateSplits);
  const branches: RuleTest[][] = [];
  const grow = (rows: readonly number[], path: RuleTest[]) => {
    const members = count(rows, member);
    const pure = members === 0 || members === rows.length;
    const split = pure || path.length === maxDepth ? undefined : bestSplit(rows, member, splits, minLeaf);
    if (split === undefined) {
      if (members * 2 > rows.length && path.length > 0) branches.push(tighten(path));
      return;
    }
    grow(
      rows.filter((row) => split.mask[row] === 1),
      [...path, split.yes],
    );
    grow(
      rows.filter((row) => split.mask[row] === 0),
      [...path, split.no],
    );
  };
  grow(
    Array.from({ length: table.rows }, (_, i) => i),
    [],
  );
  return { branches, ...fidelity(table, member, branches) };
}

/** Does the rule take this row? */
export function ruleTakes(table: AttributeTable, rule: TreeRule, row: number): boolean {
  const byName = new Map(table.columns.map((column) => [column.name, column]));
  return rule.branches.some((branch) =>
    branch.every((test) => {
      const column = byName.get(test.column);
      return column !== undefined && at(valuesOf(column), row) !== null && holds(column, test, row);
    }),
  );
}

function candidateSplits(column: TableColumn): Split[] {
  if (column.kind === 'number') {
    return thresholds(column.values).map((value) =>
      splitOf(
        column,
        { column: column.name, test: 'at_most', value },
        { column: column.name, test: 'above', value },
      ),
    );
  }
  const options = new Set<string>();
  for (const value of valuesOf(column)) for (const option of optionsOf(value)) options.add(option);
  return [...options]
    .slice(0, 40)
    .map((value) =>
      splitOf(
        column,
        { column: column.name, test: 'has', value },
        { column: column.name, test: 'has_not', value },
      ),
    );
}

function splitOf(column: TableColumn, yes: RuleTest, no: RuleTest): Split {
  return { yes, no, mask: Uint8Array.from(valuesOf(column), (_, row) => (holds(column, yes, row) ? 1 : 0)) };
}

/** Up to 64 thresholds between neighbouring values, each as short a number as its gap allows. */
function thresholds(values: readonly (number | null)[]): number[] {
  const sorted = Float64Array.from(values.filter((value) => value !== null)).sort();
  const distinct = [...new Set(sorted)];
  const chosen =
    distinct.length <= 65
      ? distinct
      : [...new Set(Array.from({ length: 65 }, (_, i) => quantileOfSorted(distinct, i / 64)))];
  return chosen.slice(0, -1).map((low, i) => shortNumberBetween(low, at(chosen, i + 1)));
}

/** The number with the fewest digits in [low, high), so that a rule says 1.7 and not 1.6999. */
export function shortNumberBetween(low: number, high: number): number {
  const middle = (low + high) / 2;
  for (let digits = -12; digits <= 12; digits++) {
    const unit = 10 ** -digits;
    const rounded = Number((Math.round(middle / unit) * unit).toPrecision(15));
    if (rounded >= low && rounded < high) return rounded;
  }
  return low;
}

function holds(column: TableColumn, test: RuleTest, row: number): boolean {
  const value = at(valuesOf(column), row);
  switch (test.test) {
    case 'at_most':
      return typeof value === 'number' && value <= test.value;
    case 'above':
      return typeof value === 'number' && value > test.value;
    case 'has':
      return optionsOf(value).includes(test.value);
    case 'has_not':
      return !optionsOf(value).includes(test.value);
  }
}

function bestSplit(
  rows: readonly number[],
  member: Uint8Array,
  splits: readonly Split[],
  minLeaf: number,
): Split | undefined {
  const all = rows.length;
  const members = count(rows, member);
  let best: Split | undefined;
  let least = impurity(members, all) - 1e-9;
  for (const split of splits) {
    let size = 0;
    let inside = 0;
    for (const row of rows) {
      if (byte(split.mask, row) === 0) continue;
      size++;
      inside += byte(member, row);
    }
    if (size < minLeaf || all - size < minLeaf) continue;
    const mixed = impurity(inside, size) + impurity(members - inside, all - size);
    if (mixed < least) {
      least = mixed;
      best = split;
    }
  }
  return best;
}

/** Gini impurity times rows. */
function impurity(members: number, rows: number): number {
  return rows === 0 ? 0 : (2 * members * (rows - members)) / rows;
}

function count(rows: readonly number[], member: Uint8Array): number {
  let total = 0;
  for (const row of rows) total += byte(member, row);
  return total;
}

/** Two bounds of one column on the same side say no more than the tighter one. */
function tighten(path: readonly RuleTest[]): RuleTest[] {
  return path.filter((test, i) => {
    const later = path.slice(i + 1);
    if (test.test === 'at_most')
      return !later.some((o) => o.column === test.column && o.test === 'at_most' && o.value <= test.value);
    if (test.test === 'above')
      return !later.some((o) => o.column === test.column && o.test === 'above' && o.value >= test.value);
    return true;
  });
}

function fidelity(table: AttributeTable, member: Uint8Array, branches: RuleTest[][]): RuleFidelity {
  let size = 0;
  let right = 0;
  let all = 0;
  for (let row = 0; row < table.rows; row++) {
    all += byte(member, row);
    if (!ruleTakes(table, { branches }, row)) continue;
    size++;
    right += byte(member, row);
  }
  return { precision: size > 0 ? right / size : 0, recall: all > 0 ? right / all : 0, size };
}
