import type { AttributeType } from '../model/attribute.ts';
import { isShorterThanDay, parseDuration } from './duration.ts';
import { type Comparison, operators, operatorTypes, type Test, testsOf } from './operators.ts';
import type { Path } from './references.ts';

/** Does each operator of a comparison fit the type, and its operand too? */
export function checkComparison(
  type: AttributeType,
  comparison: Comparison,
  path: Path,
  problem: (path: Path, message: string) => void,
  percentiles: boolean,
): void {
  for (const test of testsOf(comparison)) {
    const at = [...path, test.operator];
    if (!operatorTypes[test.operator].includes(type)) {
      const fitting = operators.filter((operator) => operatorTypes[operator].includes(type));
      problem(at, `${test.operator} does not work on a ${type}; what does: ${fitting.join(', ')}`);
      continue;
    }
    if (!percentiles && (test.operator === 'topPercent' || test.operator === 'bottomPercent')) {
      problem(at, `${test.operator} needs an attribute of the subject or its company`);
      continue;
    }
    const wrong = wrongOperand(type, test);
    if (wrong !== null) problem(at, wrong);
  }
}

function wrongOperand(type: AttributeType, test: Test): string | null {
  switch (test.operator) {
    case 'is':
    case 'isNot':
      return wrongValue(type, test.operand);
    case 'in':
    case 'notIn':
      return test.operand.map((value) => wrongValue(type, value)).find((wrong) => wrong !== null) ?? null;
    case 'between': {
      const [low, high] = test.operand;
      const isNumber = type === 'number' || type === 'money';
      if (isNumber !== (typeof low === 'number')) {
        return isNumber ? 'write two numbers' : 'write two days, as in [2026-01-01, 2026-03-31]';
      }
      if (typeof low === 'number' && typeof high === 'number' && low > high)
        return 'write the lower number first';
      return null;
    }
    case 'inLast':
    case 'notInLast':
    case 'inNext':
    case 'notInNext':
      return type === 'date' && isShorterThanDay(test.operand)
        ? 'a date has no time of day: use days or longer'
        : null;
    case 'anniversaryInNext':
    case 'anniversaryInLast': {
      const { amount, unit } = parseDuration(test.operand);
      const isLong =
        unit === 'year' || (unit === 'month' && amount >= 12) || (unit === 'quarter' && amount >= 4);
      return isShorterThanDay(test.operand) || isLong ? 'use days or longer, and less than a year' : null;
    }
    default:
      return null;
  }
}

function wrongValue(type: AttributeType, value: string | number | boolean): string | null {
  if (type === 'boolean')
    return typeof value === 'boolean' ? null : `write true or false, not ${JSON.stringify(value)}`;
  if (type === 'number' || type === 'money') {
    return typeof value === 'number' ? null : `write a number, not ${JSON.stringify(value)}`;
  }
  return typeof value === 'string' ? null : `write text in quotes: "${value}"`;
}
