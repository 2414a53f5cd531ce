/** Changes to a definition as forms make them. Methods differ in a few fields; the server checks the whole. */
import type { Segmentation } from '../../../../src/segmentation/definition.ts';

/** Sets fields; undefined takes one away. */
export function withFields(definition: Segmentation, fields: Record<string, unknown>): Segmentation {
  return cleaned({ ...definition, ...fields }) as Segmentation;
}

export function withSegments(definition: Segmentation, segments: readonly object[]): Segmentation {
  return { ...definition, segments } as Segmentation;
}

export function withSegment(
  definition: Segmentation,
  index: number,
  fields: Record<string, unknown>,
): Segmentation {
  return withSegments(
    definition,
    definition.segments.map((segment, at) => (at === index ? cleaned({ ...segment, ...fields }) : segment)),
  );
}

export function moved(definition: Segmentation, index: number, by: 1 | -1): Segmentation {
  const segments: object[] = [...definition.segments];
  const [taken] = segments.splice(index, 1);
  if (taken) segments.splice(index + by, 0, taken);
  return withSegments(definition, segments);
}

/** Of an optional field; undefined where the method has none. */
export function fieldOf(subject: object, key: string): unknown {
  return Reflect.get(subject, key);
}

function cleaned(fields: object): object {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== ''),
  );
}
