import { indexAttributes } from '../segmentation/attribute-index.ts';
import { columnNames } from '../segmentation/column-names.ts';
import type { Segmentation } from '../segmentation/definition.ts';
import { whyNobody } from '../segmentation/methods.ts';
import type { Model } from '../segmentation/model.ts';
import { listAttributes } from '../store/columns.ts';
import type { Queryable } from '../store/pool.ts';
import type { Tenant } from '../store/tenant.ts';

/** What a model says of itself, in the names that people have for what it learned from. */
export async function modelNotes(
  db: Queryable,
  tenant: Tenant,
  definition: Segmentation,
  model: Model,
  asOf: Date,
): Promise<{ warnings: string[]; nobodyBecause: string | null }> {
  const { sentence } = columnNames(definition, {
    attributes: indexAttributes(await listAttributes(db, tenant)),
    calendar: { asOf, zone: tenant.zone, fiscalYearStart: tenant.fiscalYearStart },
    currency: tenant.currency,
  });
  const reason = whyNobody(model);
  return { warnings: model.warnings.map(sentence), nobodyBecause: reason === null ? null : sentence(reason) };
}
