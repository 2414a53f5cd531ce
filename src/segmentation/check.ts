import type { Attribute } from '../model/attribute.ts';
import { catalogue } from './catalogue.ts';
import { findCycle } from './check-cycles.ts';
import { checkMethod } from './check-method.ts';
import type { Check, Problem } from './check-names.ts';
import type { Segmentation } from './definition.ts';
import { ADULT_AGE, usesWithoutBasis } from './sensitive.ts';

export type Known = {
  /** The tenant's own attributes; those of the catalogue are known besides. */
  attributes?: readonly Attribute[];
  /** Other segmentations that conditions may refer to, of both subjects. */
  segmentations?: readonly Segmentation[];
  /** Sensitive attributes, as `person.religion`, whose lawful basis an admin has recorded. */
  sensitiveAllowed?: ReadonlySet<string>;
};

/** What the schema can't see: names, types, order, circles. Empty where the definition can be compiled. */
export function checkDefinition(definition: Segmentation, known: Known = {}): Problem[] {
  const problems: Problem[] = [];
  const attributes = [...catalogue.map((entry) => entry.attribute), ...(known.attributes ?? [])];
  const index = new Map(attributes.map((attribute) => [`${attribute.owner}.${attribute.key}`, attribute]));
  const others = (known.segmentations ?? []).filter((other) => other.key !== definition.key);
  const check: Check = {
    find: (owner, key) => index.get(`${owner}.${key}`),
    keysOf: (owner) => [...index.values()].filter((one) => one.owner === owner).map((one) => one.key),
    segmentations: [...others, definition],
    sensitiveAllowed: known.sensitiveAllowed ?? new Set(),
    problem: (path, message) => problems.push({ path, message }),
  };
  checkSegmentKeys(definition, check);
  checkMethod(definition, check);
  for (const { why, owner, key, path } of usesWithoutBasis(definition, known)) {
    if (why === 'minors')
      check.problem(
        path,
        `${owner}.${key} singles out people under ${ADULT_AGE}: an admin has to record the lawful basis for it first`,
      );
  }
  const cycle = findCycle(check.segmentations, definition.key);
  if (cycle !== null)
    check.problem(cycle.path, `segments build on each other in a circle: ${cycle.names.join(' -> ')}`);
  return problems;
}

function checkSegmentKeys(definition: Segmentation, check: Check): void {
  const seen = new Set<string>();
  for (const [i, { key }] of definition.segments.entries()) {
    if (seen.has(key)) check.problem(['segments', i, 'key'], `the key ${key} is used twice`);
    seen.add(key);
  }
  // A Salesforce multi-select picklist takes 4,099 characters for all values of a record together.
  const together = definition.segments.reduce((sum, { key }) => sum + key.length + 1, 0);
  if (definition.labels === 'many' && together > 4099) {
    check.problem(
      ['segments'],
      `all keys together have ${together} characters; Salesforce holds 4099 a record`,
    );
  }
}
