import { InputError } from '../../errors.ts';
import type { Attribute, SubjectType } from '../../model/attribute.ts';
import { type AttributeIndex, indexAttributes } from '../../segmentation/attribute-index.ts';
import type { Segmentation } from '../../segmentation/definition.ts';
import { labelColumn, listAttributes, listLabelColumns } from '../../store/columns.ts';
import { quoted } from '../../store/identifier.ts';
import type { Queryable } from '../../store/pool.ts';
import { listPublished, type SegmentationRow } from '../../store/segmentations.ts';
import type { Tenant } from '../../store/tenant.ts';

/** What every part of a review reads first. */
export type ReviewScene = {
  tenant: Tenant;
  asOf: Date;
  /** In force and with a column for their labels. */
  published: SegmentationRow[];
  attributes: Attribute[];
  index: AttributeIndex;
};

export async function readReviewScene(db: Queryable, tenant: Tenant, asOf: Date): Promise<ReviewScene> {
  const columns = {
    person: new Set(await listLabelColumns(db, tenant, 'person')),
    company: new Set(await listLabelColumns(db, tenant, 'company')),
  };
  const attributes = await listAttributes(db, tenant);
  return {
    tenant,
    asOf,
    published: (await listPublished(db, tenant)).filter(({ key, definition }) =>
      columns[definition.subject].has(labelColumn(key)),
    ),
    attributes,
    index: indexAttributes(attributes),
  };
}

/** @throws InputError where there is no published segmentation of that key */
export function findReviewed(scene: ReviewScene, key: string): SegmentationRow {
  const found = scene.published.find((row) => row.key === key);
  if (found !== undefined) return found;
  const keys = scene.published.map((row) => row.key).join(', ');
  throw new InputError('segmentation_unknown', `There is no published segmentation ${key}.`, {
    action: keys === '' ? 'Publish one with `apply` first.' : `Name one of: ${keys}.`,
  });
}

/** The labels that a subject holds, as an array. */
export function labelsSql({ key, labels }: Segmentation, alias = 's'): string {
  const column = `${alias}.${quoted(labelColumn(key))}`;
  return labels === 'one' ? `array_remove(array[${column}], null)` : column;
}

/** A subject's credited revenue, 0 where there is none. */
export function revenueSql(scene: ReviewScene, subject: SubjectType, alias = 's'): string {
  const isThere = scene.index.get(subject, 'revenue_total') !== undefined;
  return isThere ? `coalesce(${alias}.revenue_total, 0)` : '0::numeric';
}

/** Runs `work` on so many at a time, so that no statement takes long. */
export async function inChunks<T, R>(
  items: readonly T[],
  size: number,
  work: (chunk: T[]) => Promise<R[]>,
): Promise<R[]> {
  const results: R[] = [];
  for (let i = 0; i < items.length; i += size) results.push(...(await work(items.slice(i, i + size))));
  return results;
}
