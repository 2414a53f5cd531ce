import { InputError } from '../errors.ts';
import { type Explained, explainSubject } from '../pipeline/explain.ts';
import { type OwnRows, readOwnRows } from '../store/access.ts';
import { addAudit } from '../store/audit.ts';
import { listAttributes } from '../store/columns.ts';
import { findHeld, type Who } from '../store/erasure.ts';
import type { Pool } from '../store/pool.ts';
import { listPublished } from '../store/segmentations.ts';
import type { Tenant } from '../store/tenant.ts';

/** Everything that is held of one human, and of nobody else, for GDPR articles 15 and 20. */
export type AccessExport = {
  madeAt: Date;
  tenant: { id: string; name: string };
  people: (OwnRows['people'][number] & {
    labels: (Pick<Explained['segmentations'][number], 'segmentation' | 'name' | 'labels' | 'segments'> & {
      purpose: string | null;
      lawfulBasis: string | null;
      use: string;
    })[];
  })[];
} & Omit<OwnRows, 'people'>;

/**
 * Collects it. The audit notes that it was done, not for whom.
 * @throws InputError where nothing is held
 */
export async function exportPerson(
  pool: Pool,
  tenant: Tenant,
  who: Who,
  options: { asOf: Date; by: string },
): Promise<AccessExport> {
  const held = await findHeld(pool, tenant, who);
  if (held.people.length + held.records.length === 0) {
    throw new InputError('person_unknown', 'Nothing is held of this person.', {
      action: 'Check the address; after an erasure nothing is left to tell.',
    });
  }
  const attributes = await listAttributes(pool, tenant);
  const keysOf = (owner: 'person' | 'deal') =>
    attributes.filter((attribute) => attribute.owner === owner).map(({ key }) => key);
  const { people, ...rest } = await readOwnRows(pool, tenant, held, {
    person: keysOf('person'),
    deal: keysOf('deal'),
  });
  const definitions = new Map(
    (await listPublished(pool, tenant)).map(({ key, definition }) => [key, definition]),
  );
  const explained: AccessExport['people'] = [];
  for (const person of people) {
    const { segmentations } = await explainSubject(pool, tenant, {
      subject: 'person',
      id: String(person.id),
      asOf: options.asOf,
      audience: 'admin',
    });
    const labels = segmentations.map(({ segmentation, name, labels: keys, segments }) => ({
      segmentation,
      name,
      labels: keys,
      segments,
      purpose: definitions.get(segmentation)?.purpose ?? null,
      lawfulBasis: definitions.get(segmentation)?.lawfulBasis ?? null,
      use: definitions.get(segmentation)?.use ?? 'marketing',
    }));
    explained.push({ ...person, labels });
  }
  await addAudit(pool, tenant, { actor: options.by, action: 'customer.export', subject: 'person' });
  return { madeAt: options.asOf, tenant: { id: tenant.id, name: tenant.name }, people: explained, ...rest };
}
