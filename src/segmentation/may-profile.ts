import type { AttributeOwner } from '../model/attribute.ts';
import type { AttributeIndex } from './attribute-index.ts';

/** SQL that holds for those whom models may learn from: who objected is left out; a company has no such right. */
export function mayProfile(
  owner: AttributeOwner,
  attributes: AttributeIndex,
  column: (key: string) => string,
): string {
  const gates = ['no_profiling', 'no_processing'].filter(
    (key) => owner === 'person' && attributes.get('person', key),
  );
  return gates.length === 0 ? 'true' : gates.map((key) => `${column(key)} is not true`).join(' and ');
}

/**
 * SQL that puts subjects in an order that has nothing to do with their age and is the same every time: the first so
 * many of them are a fair sample. Multiplication modulo a prime, by Knuth's constant.
 */
export function shuffledBy(id: string): string {
  return `(${id} % 1000003 * 2654435761 + ${id}) % 4294967291, ${id}`;
}
