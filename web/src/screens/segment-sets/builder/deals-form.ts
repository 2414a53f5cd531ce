/** The fields of a deals rule, taken out of what it says and put back. */

export type FilterRow = {
  key: string;
  operator: string;
  operand: unknown;
  /** Written without an operator, as in `won: true`. */
  isShort?: boolean;
};

export type DealsForm = {
  aggregate: string;
  /** The attribute; empty for count. */
  of: string;
  operator: string;
  operand: unknown;
  scope: string | undefined;
  where: FilterRow[];
};

const AGGREGATES = ['count', 'sum', 'average', 'min', 'max', 'first', 'last'];

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a new rule on deals begins with. */
export const NEW_DEALS = { where: { won: true }, count: true, atLeast: 1 };

export function readDeals(value: unknown): DealsForm {
  const deals = isRecord(value) ? value : NEW_DEALS;
  const aggregate = AGGREGATES.find((one) => one in deals) ?? 'count';
  const { where, scope, [aggregate]: of, ...comparison } = deals as Record<string, unknown>;
  const [operator = 'atLeast', operand = ''] = Object.entries(comparison)[0] ?? [];
  return {
    aggregate,
    of: typeof of === 'string' ? of : '',
    operator,
    operand,
    scope: typeof scope === 'string' ? scope : undefined,
    where: isRecord(where) ? Object.entries(where).flatMap(([key, test]) => readFilter(key, test)) : [],
  };
}

function readFilter(key: string, test: unknown): FilterRow[] {
  if (!isRecord(test)) return [{ key, operator: 'is', operand: test, isShort: true }];
  return Object.entries(test).map(([operator, operand]) => ({ key, operator, operand }));
}

/** Several tests of one attribute stand together; all of them must hold. */
export function writeDeals({ aggregate, of, operator, operand, scope, where }: DealsForm): object {
  const filter: Record<string, unknown> = {};
  for (const row of where) {
    const before = filter[row.key];
    const test = { [row.operator]: row.operand };
    if (before === undefined) filter[row.key] = row.isShort && row.operator === 'is' ? row.operand : test;
    else filter[row.key] = { ...(isRecord(before) ? before : { is: before }), ...test };
  }
  return {
    ...(where.length > 0 && { where: filter }),
    ...(scope !== undefined && { scope }),
    [aggregate]: aggregate === 'count' ? true : of,
    [operator]: operand,
  };
}

/** Does the form hold all that it says? Several comparisons of one measure are shown as YAML. */
export function fitsForm(value: unknown): boolean {
  if (!isRecord(value)) return true;
  const own = Object.keys(value).filter((key) => !['where', 'scope', ...AGGREGATES].includes(key));
  return own.length <= 1;
}
