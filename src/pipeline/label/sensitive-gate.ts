import { InputError } from '../../errors.ts';
import type { Attribute } from '../../model/attribute.ts';
import { nameOfAttribute } from '../../segmentation/attribute-names.ts';
import type { Segmentation } from '../../segmentation/definition.ts';
import { usesWithoutBasis } from '../../segmentation/sensitive.ts';
import { listAttributes } from '../../store/columns.ts';
import { sensitiveAllowed } from '../../store/lawful-bases.ts';
import type { Queryable } from '../../store/pool.ts';
import type { Tenant } from '../../store/tenant.ts';

/** What judges whether definitions may be worked with. */
export type SensitiveGate = {
  attributes: readonly Attribute[];
  sensitiveAllowed: ReadonlySet<string>;
  asOf: Date;
};

export async function readGate(db: Queryable, tenant: Tenant, asOf = new Date()): Promise<SensitiveGate> {
  return {
    attributes: await listAttributes(db, tenant),
    sensitiveAllowed: await sensitiveAllowed(db, tenant),
    asOf,
  };
}

/** Why a definition may not be worked with; null where it may. */
export function whyRefused(definition: Segmentation, gate: SensitiveGate): string | null {
  const [use] = usesWithoutBasis(definition, gate);
  if (use === undefined) return null;
  const name = nameOfAttribute(use, definition.subject, gate.attributes);
  return use.why === 'sensitive'
    ? `${name} is sensitive, and no lawful basis for its use is on record`
    : `${name} singles out people under 18, and no lawful basis for that is on record`;
}

/**
 * Every door that works with definitions asks here, whatever checked them before.
 * @throws InputError where one uses sensitive data without a lawful basis on record
 */
export async function refuseSensitive(
  db: Queryable,
  tenant: Tenant,
  definitions: readonly Segmentation[],
): Promise<void> {
  const gate = await readGate(db, tenant);
  const refused = definitions.flatMap((definition) => {
    const why = whyRefused(definition, gate);
    return why === null ? [] : [`${definition.name}: ${why}`];
  });
  if (refused.length === 0) return;
  throw new InputError('lawful_basis_missing', `${refused.join('; ')}. Nothing was changed.`, {
    action: 'An admin records it under Privacy (`privacy allow`), or the attribute is left out.',
  });
}
