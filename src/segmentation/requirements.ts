import type { AttributeIndex } from './attribute-index.ts';
import type { Segmentation } from './definition.ts';
import { methodReferences, type Reference, segmentReferences } from './references.ts';

/** A segment that can't be worked out, and the attributes that it lacks, as `last_login_at` or `deal.stage`. */
export type Unmet = { segmentation: string; segment: string; missing: string[] };

/**
 * Which segments lack an attribute, directly or through a segment that they build on. Their size is not 0 but
 * unknown: say `needs last_login_at`.
 */
export function unmetSegments(definitions: readonly Segmentation[], attributes: AttributeIndex): Unmet[] {
  const missing = new Map<string, Set<string>>();
  const buildsOn = new Map<string, string[]>();
  for (const definition of definitions) {
    const forAll = [...methodReferences(definition)];
    for (const [index, segment] of definition.segments.entries()) {
      const name = `${definition.key}.${segment.key}`;
      const all = [...forAll, ...segmentReferences(definition, index)];
      missing.set(
        name,
        new Set(all.flatMap((reference) => missingAttribute(reference, definition, attributes))),
      );
      buildsOn.set(
        name,
        all.flatMap((reference) =>
          reference.kind === 'attribute' || reference.subject !== definition.subject
            ? []
            : reference.kind === 'segment'
              ? [reference.name]
              : segmentsOf(reference.name, definitions),
        ),
      );
    }
  }
  for (let grew = true; grew; ) {
    grew = false;
    for (const [name, others] of buildsOn) {
      const own = missing.get(name) ?? new Set();
      const before = own.size;
      for (const other of others) for (const key of missing.get(other) ?? []) own.add(key);
      if (own.size > before) grew = true;
    }
  }
  return definitions.flatMap((definition) =>
    definition.segments.flatMap((segment) => {
      const keys = [...(missing.get(`${definition.key}.${segment.key}`) ?? [])].sort();
      return keys.length === 0 ? [] : [{ segmentation: definition.key, segment: segment.key, missing: keys }];
    }),
  );
}

/** A score needs all that its segmentation needs. */
function segmentsOf(score: string, definitions: readonly Segmentation[]): string[] {
  const own = definitions.find(({ key }) => key === score.split('.')[0]);
  const [first] = own?.segments ?? [];
  return own === undefined || first === undefined ? [] : [`${own.key}.${first.key}`];
}

function missingAttribute(
  reference: Reference,
  definition: Segmentation,
  attributes: AttributeIndex,
): string[] {
  if (reference.kind !== 'attribute') return [];
  const { owner, key } = reference;
  if (attributes.get(owner, key) !== undefined) return [];
  return [owner === definition.subject ? key : `${owner}.${key}`];
}
