import type { Attribute } from '../../model/attribute.ts';
import type { CarefulUse } from '../../review/facts.ts';
import type { Segmentation } from '../../segmentation/definition.ts';
import { references } from '../../segmentation/references.ts';
import type { ReviewScene } from './scene.ts';

/** Attributes of that sensitivity that a definition uses, each once, with the first place that names it. */
export function carefulUses(
  { index }: Pick<ReviewScene, 'index'>,
  definition: Segmentation,
  sensitivity: Attribute['sensitivity'],
): CarefulUse[] {
  const uses = new Map<string, CarefulUse>();
  for (const reference of references(definition)) {
    if (reference.kind !== 'attribute') continue;
    const attribute = index.get(reference.owner, reference.key);
    if (attribute?.sensitivity !== sensitivity || uses.has(attribute.name)) continue;
    uses.set(attribute.name, { name: attribute.name, at: reference.path });
  }
  return [...uses.values()];
}
