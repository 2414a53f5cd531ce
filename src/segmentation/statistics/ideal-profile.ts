import { showShare } from '../../model/share-words.ts';
import type { AttributeTable } from './attribute-table.ts';
import { clusterTraits, type Trait } from './cluster-profile.ts';

/**
 * What won cases share, in words, the strongest first: "industry is software: 62% against 21%". Differences under
 * `least` standard deviations are left out.
 */
export function idealProfile(
  table: AttributeTable,
  isPositive: (row: number) => boolean,
  least = 0.2,
): { traits: Trait[]; sentences: string[] } {
  const labels = Uint8Array.from({ length: table.rows }, (_, i) => (isPositive(i) ? 1 : 0));
  const traits = clusterTraits(table, labels, 1).filter((trait) => Math.abs(trait.difference) >= least);
  return { traits, sentences: traits.map(sentence) };
}

function sentence({ column, option, inside, outside }: Trait): string {
  if (option !== undefined) return `${column} is ${option}: ${percent(inside)} against ${percent(outside)}`;
  return `${column} is ${inside > outside ? 'higher' : 'lower'}: ${short(inside)} against ${short(outside)} on average`;
}

function percent(share: number): string {
  return showShare(share);
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
