import { z } from 'zod';
import type { Json, TargetValue } from '../../../connectors/contract.ts';
import type { ObjectType, Scalar } from '../../model/record.ts';
import type { Queryable } from '../../store/pool.ts';
import { listTargets, type TargetRow } from '../../store/targets.ts';
import type { Tenant } from '../../store/tenant.ts';

/** A target that is a property of the record says what it is called in the CRM. */
const PropertyRemote = z.looseObject({ property: z.string() });

/** A label property of ours, to be read with the records. */
export type ShownProperty = { targetId: string; property: string };

/** Kinds whose values are read back and compared; `changed_at` and `why` only ride along with a label. */
const COMPARED = new Set<string>(['property', 'primary']);

/** What a target is called in the CRM; null where it is no property. */
function propertyOf(remote: Json): string | null {
  const parsed = PropertyRemote.safeParse(remote);
  return parsed.success ? parsed.data.property : null;
}

/** Is what it shows a property, whose values are read back and compared? */
export const isReadBack = ({ kind }: TargetRow): boolean => COMPARED.has(kind);

/** The properties among these targets that can be read back. */
export function readable(targets: readonly TargetRow[], object: ObjectType): ShownProperty[] {
  return targets.flatMap((target) => {
    const property = propertyOf(target.remote);
    const isCompared = target.object === object && isReadBack(target);
    return isCompared && property !== null ? [{ targetId: target.id, property }] : [];
  });
}

/** Our own properties on an object, which every pull reads too. */
export async function shownProperties(
  db: Queryable,
  tenant: Tenant,
  connectionId: string,
  object: ObjectType,
): Promise<ShownProperty[]> {
  return readable(await listTargets(db, tenant, { connectionId }), object);
}

/**
 * What the CRM holds, as the ledger spells it: several values, joined by semicolons, as a sorted list. A single
 * value is text, so a list is compared with it as a list of one.
 */
export function decodeShown(raw: Scalar | undefined): string[] {
  if (raw === null || raw === undefined) return [];
  const parts = String(raw).split(';');
  return [...new Set(parts.map((part) => part.trim()).filter((part) => part !== ''))].sort();
}

const asList = (value: TargetValue | undefined): string[] => {
  if (value === null || value === undefined || value === false) return [];
  return Array.isArray(value) ? [...value].sort() : [String(value)];
};

/** Is this what the CRM shows? The order of several values does not matter. */
export function isSameShown(seen: string[], value: TargetValue | undefined): boolean {
  const list = asList(value);
  return list.length === seen.length && list.every((part, i) => part === seen[i]);
}

/** What was seen, as a value of the ledger: like `model` (a list or one text), null for nothing. */
export function toShown(seen: string[], isMany: boolean): TargetValue {
  if (seen.length === 0) return null;
  return isMany ? seen : seen.join(';');
}
