import type { Topic } from './explain-words.ts';
import type { Test } from './operators.ts';

/**
 * Does a test hold whatever the value is, or never? Null where that depends on the value: a number of deals is always at
 * least 0, so that nothing would make it fall below.
 */
export function fixedTruth(
  test: Test,
  { isAlwaysKnown = false, range }: Pick<Topic, 'isAlwaysKnown' | 'range'>,
): boolean | null {
  if (test.operator === 'known' || test.operator === 'unknown')
    return isAlwaysKnown ? test.operator === 'known' : null;
  if (range === undefined) return null;
  const [least, most] = range;
  const always = (isTrue: boolean): true | null => (isTrue && isAlwaysKnown ? true : null);
  switch (test.operator) {
    case 'atLeast':
      return test.operand > most ? false : always(test.operand <= least);
    case 'above':
      return test.operand >= most ? false : always(test.operand < least);
    case 'atMost':
      return test.operand < least ? false : always(test.operand >= most);
    case 'below':
      return test.operand <= least ? false : always(test.operand > most);
    case 'is':
      return typeof test.operand === 'number' && (test.operand < least || test.operand > most) ? false : null;
    case 'isNot':
      return typeof test.operand === 'number' && (test.operand < least || test.operand > most)
        ? always(true)
        : null;
    default:
      return null;
  }
}
