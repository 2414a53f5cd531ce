import type { Segmentation } from './definition.ts';
import { methodReferences, type Path, type Reference, segmentReferences } from './references.ts';

type Edge = { to: string; path: Path };

/**
 * A circle of segments that passes through one segmentation: the names along it, and where in that segmentation the
 * reference stands. Null where there is none. In a set with one label a segment also waits for those before it.
 */
export function findCycle(
  definitions: readonly Segmentation[],
  key: string,
): { names: string[]; path: Path } | null {
  const edges = edgesOf(definitions);
  const state = new Map<string, 'open' | 'done'>();
  const trail: { name: string; path: Path }[] = [];

  const visit = (name: string): { names: string[]; path: Path } | null => {
    if (state.get(name) === 'done') return null;
    if (state.get(name) === 'open') {
      const circle = trail.slice(trail.findIndex((step) => step.name === name));
      const names = [...circle.map((step) => step.name), name];
      return { names, path: circle.find((step) => step.name.startsWith(`${key}.`))?.path ?? [] };
    }
    state.set(name, 'open');
    for (const edge of edges.get(name) ?? []) {
      trail.push({ name, path: edge.path });
      const found = visit(edge.to);
      trail.pop();
      if (found !== null) return found;
    }
    state.set(name, 'done');
    return null;
  };

  for (const name of edges.keys()) {
    if (!name.startsWith(`${key}.`)) continue;
    const found = visit(name);
    if (found !== null) return found;
  }
  return null;
}

/** Segment -> the segments that must be known first. */
function edgesOf(definitions: readonly Segmentation[]): Map<string, Edge[]> {
  const byKey = new Map(definitions.map((definition) => [definition.key, definition]));
  const edges = new Map<string, Edge[]>();
  for (const definition of definitions) {
    for (const [i, segment] of definition.segments.entries()) {
      const references = [...methodReferences(definition), ...segmentReferences(definition, i)];
      edges.set(
        `${definition.key}.${segment.key}`,
        references.flatMap((reference) => targetsOf(reference, definition, byKey)),
      );
    }
  }
  return edges;
}

function targetsOf(reference: Reference, from: Segmentation, byKey: Map<string, Segmentation>): Edge[] {
  if (reference.kind === 'attribute' || reference.subject !== from.subject) return [];
  const [key = '', segmentKey = ''] = reference.name.split('.');
  const target = byKey.get(key);
  if (target === undefined) return [];
  // A score is worked out with all of its segmentation.
  if (reference.kind === 'score')
    return target.segments.map((segment) => ({ to: `${key}.${segment.key}`, path: reference.path }));
  const index = target.segments.findIndex((segment) => segment.key === segmentKey);
  const needed =
    target.labels === 'one' && target.method === 'rules'
      ? target.segments.slice(0, index + 1)
      : [target.segments[index]];
  return needed.flatMap((segment) =>
    segment === undefined ? [] : [{ to: `${key}.${segment.key}`, path: reference.path }],
  );
}
