import type { Attribute } from '../../model/attribute.ts';
import type { Segmentation } from '../../segmentation/definition.ts';
import { methodReferences, type Reference, segmentReferences } from '../../segmentation/references.ts';
import { tellable } from '../../segmentation/requirements.ts';
import { quoted } from '../../store/identifier.ts';
import type { ReviewScene } from './scene.ts';

/** An attribute that decides who belongs: of the subject itself (alias s), or of the person's company (alias c). */
export type Need = {
  /** `country` or `company.industry`. */
  name: string;
  attribute: Attribute;
  column: string;
};

export type Needs = {
  needs: Need[];
  /** Those that have no column. */
  missing: string[];
  /** Those without a column of conditions that are passed over, as the others tell. */
  passedOver: string[];
};

/**
 * What one segment goes by, once each; an attribute that nothing feeds counts only where no other condition tells.
 * Attributes whose empty value means false or zero are always known, and deals and contacts are counted: they are left
 * out.
 */
export function needsOf(scene: ReviewScene, definition: Segmentation, index: number): Needs {
  const { subject } = definition;
  const needs = new Map<string, Need>();
  const missing = new Set<string>();
  const { definitions, passedOver } = tellable([definition], scene.index);
  const [told = definition] = definitions;
  for (const reference of referencesOf(told, index)) {
    if (reference.kind !== 'attribute') continue;
    const { owner, key } = reference;
    const name = owner === subject ? key : `${owner}.${key}`;
    const attribute = scene.index.get(owner, key);
    if (attribute === undefined) missing.add(name);
    else if (isDecisive(attribute) && (owner === subject || owner === 'company'))
      needs.set(name, { name, attribute, column: `${owner === subject ? 's' : 'c'}.${quoted(key)}` });
  }
  const segment = definition.segments[index]?.key;
  return {
    needs: [...needs.values()],
    missing: [...missing].sort(),
    passedOver: passedOver.find((one) => one.segment === segment)?.missing ?? [],
  };
}

/** Computed totals are null for who never bought, which is an answer, not a gap. */
function isDecisive({ empty, source }: Attribute): boolean {
  return empty === 'unknown' && source === 'mapped';
}

function referencesOf(definition: Segmentation, index: number): Reference[] {
  return [...methodReferences(definition), ...segmentReferences(definition, index)];
}

/** The person's company, where some column is of it. */
export function companyJoin(scene: ReviewScene, columns: readonly string[]): string {
  return columns.some((column) => column.includes('c.'))
    ? `left join ${scene.tenant.schema}.company c on c.id = s.company_id`
    : '';
}
