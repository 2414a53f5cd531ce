import type { SubjectType } from '../model/attribute.ts';
import type { AttributeIndex } from './attribute-index.ts';
import type { Condition } from './condition.ts';
import type { RulesSegmentation, Segmentation } from './definition.ts';
import { conditionReferences, methodReferences, type Reference, segmentReferences } from './references.ts';

/** A segment that can't be worked out, and the attributes that it lacks, as `last_login_at` or `deal.stage`. */
export type Unmet = { segmentation: string; segment: string; missing: string[] };

/** What can be told with the attributes at hand. */
export type Tellable = {
  /** Without the conditions that can't be told; segments that are unmet are as they were. */
  definitions: Segmentation[];
  unmet: Unmet[];
  /** Segments that are worked out without some of their conditions, and what nothing feeds of those. */
  passedOver: Unmet[];
  /** A condition without what can't be told of it; null where nothing is left. */
  told(condition: Condition, subject: SubjectType): Condition | null;
};

/** Which segments can't be worked out at all. Their size is not 0 but unknown: say `needs last_login_at`. */
export function unmetSegments(definitions: readonly Segmentation[], attributes: AttributeIndex): Unmet[] {
  return tellable(definitions, attributes).unmet;
}

/**
 * A condition on an attribute that nothing feeds is unknown of everybody. Where it is one of several of `any`, the
 * others tell; where nothing else does, the segment is unmet, and so are those that can't do without it.
 */
export function tellable(definitions: readonly Segmentation[], attributes: AttributeIndex): Tellable {
  const lacking = lackedBySegment(definitions, attributes);
  const unmet = new Set<string>();
  const canTell = (reference: Reference): boolean => {
    if (reference.kind === 'attribute') return attributes.get(reference.owner, reference.key) !== undefined;
    const names = reference.kind === 'segment' ? [reference.name] : segmentsOf(reference.name, definitions);
    return !names.some((name) => unmet.has(name));
  };
  const unmetIn = (definition: Segmentation): string[] => {
    const { key, method, subject, segments } = definition;
    const lacks =
      method === 'rules'
        ? definition.segments.filter((segment) => toldSegment(segment, subject, canTell) === null)
        : [...methodReferences(definition)].every(canTell)
          ? []
          : segments;
    return lacks.map((segment) => `${key}.${segment.key}`);
  };
  for (let before = -1; unmet.size > before; ) {
    before = unmet.size;
    for (const name of definitions.flatMap(unmetIn)) unmet.add(name);
  }
  const withoutUntold = (definition: RulesSegmentation): RulesSegmentation => ({
    ...definition,
    segments: definition.segments.map(
      (segment) => toldSegment(segment, definition.subject, canTell) ?? segment,
    ),
  });
  /** What nothing feeds of the conditions that were taken out of a segment. */
  const passedOverBy = (definition: Segmentation, index: number): string[] => {
    const names = [...segmentReferences(definition, index)].flatMap((reference) => {
      if (canTell(reference)) return [];
      if (reference.kind === 'attribute') return missingAttribute(reference, definition, attributes);
      const of = reference.kind === 'segment' ? [reference.name] : segmentsOf(reference.name, definitions);
      return of.flatMap((name) => [...(lacking.get(name) ?? [])]);
    });
    return [...new Set(names)].sort();
  };
  return {
    told: (condition, subject) => toldPart(condition, subject, canTell, true),
    definitions: definitions.map((definition) =>
      definition.method === 'rules' ? withoutUntold(definition) : definition,
    ),
    passedOver: definitions.flatMap((definition) =>
      definition.segments.flatMap(({ key: segment }, index) => {
        if (definition.method !== 'rules' || unmet.has(`${definition.key}.${segment}`)) return [];
        const missing = passedOverBy(definition, index);
        return missing.length === 0 ? [] : [{ segmentation: definition.key, segment, missing }];
      }),
    ),
    unmet: definitions.flatMap((definition) =>
      definition.segments.flatMap(({ key: segment }) => {
        const name = `${definition.key}.${segment}`;
        const missing = [...(lacking.get(name) ?? [])].sort();
        return unmet.has(name) ? [{ segmentation: definition.key, segment, missing }] : [];
      }),
    ),
  };
}

type CanTell = (reference: Reference) => boolean;
type RulesSegment = RulesSegmentation['segments'][number];

/** A segment of rules with the conditions that can be told; null where they can't say who is in it, or who leaves. */
function toldSegment(segment: RulesSegment, subject: SubjectType, canTell: CanTell): RulesSegment | null {
  const when = toldPart(segment.when, subject, canTell, true);
  const leaveWhen = segment.leaveWhen && toldPart(segment.leaveWhen, subject, canTell, true);
  if (when === null || leaveWhen === null) return null;
  return { ...segment, when, ...(leaveWhen && { leaveWhen }) };
}

/**
 * The part of a condition that says whether it is true (`wanted`), or false, of somebody: with what is unknown of
 * everybody taken out. Null where nothing is left to say so.
 */
function toldPart(
  condition: Condition,
  subject: SubjectType,
  canTell: CanTell,
  wanted: boolean,
): Condition | null {
  const partsOf = (parts: readonly Condition[], isEachNeeded: boolean): Condition[] | null => {
    const kept = parts.map((part) => toldPart(part, subject, canTell, wanted));
    const known = kept.filter((part) => part !== null);
    const isEnough = isEachNeeded ? known.length === kept.length : known.length > 0;
    return isEnough ? known : null;
  };
  if ('all' in condition) {
    const all = partsOf(condition.all, wanted);
    return all && { ...condition, all };
  }
  if ('any' in condition) {
    const any = partsOf(condition.any, !wanted);
    return any && { ...condition, any };
  }
  if ('not' in condition) {
    const not = toldPart(condition.not, subject, canTell, !wanted);
    return not && { ...condition, not };
  }
  if ('company' in condition) {
    const company = toldPart(condition.company, 'company', canTell, wanted);
    return company && { ...condition, company };
  }
  return [...conditionReferences(condition, subject)].every(canTell) ? condition : null;
}

/** By segment, all attributes that it names without their being there, also through what it builds on. */
function lackedBySegment(
  definitions: readonly Segmentation[],
  attributes: AttributeIndex,
): Map<string, Set<string>> {
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
  return missing;
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
