import type { Query, WhereClause } from '@jetstreamapp/soql-parser-js';
import { badRequest } from './errors.ts';

/**
 * A where clause as a tree. The parser hands over a flat chain with counts of parentheses; Salesforce
 * refuses `a or b and c` without them, and so do we.
 */

export type Comparison = {
  kind: 'compare';
  field: string;
  operator: string;
  /** As written: strings keep their quotes. */
  values: string[];
  literal: string;
  query?: Query;
  /** The n of LAST_N_DAYS:n. */
  count?: number;
};
export type Condition =
  | Comparison
  | { kind: 'and' | 'or'; parts: Condition[] }
  | { kind: 'not'; part: Condition };

type Token = '(' | ')' | 'AND' | 'OR' | 'NOT' | Comparison;

const malformed = (what: string) => badRequest('MALFORMED_QUERY', what);

export function conditionOf(where: WhereClause | undefined): Condition | null {
  if (!where) return null;
  const tokens = tokensOf(where);
  let at = 0;

  const chain = (): Condition => {
    const parts = [unit()];
    let operator: Token | undefined;
    for (let next = tokens[at]; next === 'AND' || next === 'OR'; next = tokens[at]) {
      if (operator && operator !== next)
        throw malformed(`unexpected token: '${next}' (AND and OR need parentheses when mixed)`);
      operator = next;
      at++;
      parts.push(unit());
    }
    const [only] = parts;
    return parts.length === 1 && only ? only : { kind: operator === 'OR' ? 'or' : 'and', parts };
  };
  const unit = (): Condition => {
    const token = tokens[at++];
    if (token === 'NOT') return { kind: 'not', part: unit() };
    if (token === '(') {
      const inner = chain();
      if (tokens[at++] !== ')') throw malformed("expecting a right parentheses, found 'EOF'");
      return inner;
    }
    if (!token || typeof token === 'string') throw malformed(`unexpected token: '${token ?? '<EOF>'}'`);
    return token;
  };

  const tree = chain();
  if (at < tokens.length) throw malformed(`unexpected token: '${String(tokens[at])}'`);
  return tree;
}

function tokensOf(where: WhereClause): Token[] {
  const tokens: Token[] = [];
  for (let clause: WhereClause | undefined = where; clause; ) {
    const left = clause.left;
    if (left) {
      const { openParen = 0, closeParen = 0 } = { closeParen: 0, ...left };
      for (let n = 0; n < openParen; n++) tokens.push('(');
      if ('fn' in left) throw malformed('functions in a filter are not offered by this org');
      if ('field' in left) tokens.push(comparisonOf(left));
      for (let n = 0; n < closeParen; n++) tokens.push(')');
    }
    if (!('operator' in clause)) break;
    tokens.push(clause.operator);
    clause = clause.right;
  }
  return tokens;
}

type Left = Extract<WhereClause['left'], { field: string }>;

function comparisonOf(left: Left): Comparison {
  const { field, operator } = left;
  if ('valueQuery' in left)
    return { kind: 'compare', field, operator, values: [], literal: 'SUBQUERY', query: left.valueQuery };
  const values = (Array.isArray(left.value) ? left.value : [left.value]).map(String);
  const literal = String(
    (Array.isArray(left.literalType) ? left.literalType[0] : left.literalType) ?? 'STRING',
  );
  const variable = 'dateLiteralVariable' in left ? left.dateLiteralVariable : undefined;
  const count = Array.isArray(variable) ? variable[0] : variable;
  return { kind: 'compare', field, operator, values, literal, count };
}
