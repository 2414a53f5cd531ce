import { describe, expect, it } from 'vitest';
import { SeenIds } from '../../connectors/csv/repeats.ts';

describe('the memory of ids', () => {
  it('never passes over an id that came before, and hardly ever suspects a new one', () => {
    const seen = new SeenIds();
    const ids = Array.from({ length: 200_000 }, (_, n) => [`${n}`, `person.${n}@example.com`][n % 2] ?? '');
    const suspected = ids.filter((id) => seen.add(id));
    expect(suspected.length).toBeLessThan(5);
    expect(ids.every((id) => seen.add(id))).toBe(true);
  });

  it('tells ids apart that differ in one sign, or in the order of signs', () => {
    const seen = new SeenIds();
    for (const id of ['', 'a', 'b', 'ab', 'ba', 'aa', 'é', 'A']) expect(seen.add(id), id).toBe(false);
  });
});
