import type { AttributeOwner } from '../model/attribute.ts';
import { catalogue } from '../segmentation/catalogue.ts';
import { listAttributes } from '../store/columns.ts';
import { type LawfulBasis, listBases } from '../store/lawful-bases.ts';
import type { Queryable } from '../store/pool.ts';
import { listPublished } from '../store/segmentations.ts';
import { countSuppressed } from '../store/suppressions.ts';
import type { Tenant } from '../store/tenant.ts';
import { mayNeedBasis, usersOf } from './lawful-basis.ts';
import { GATES, type ProcessingRecord, RETENTION } from './record.ts';

export type PrivacyOverview = Pick<ProcessingRecord, 'gates' | 'retention'> & {
  suppressed: number;
  bases: LawfulBasis[];
  sensitive: { owner: AttributeOwner; key: string; name: string; isFed: boolean; usedBy: string[] }[];
};

/** What holds for everybody's data, and which attributes need a lawful basis before they are used. */
export async function readPrivacy(db: Queryable, tenant: Tenant): Promise<PrivacyOverview> {
  const attributes = await listAttributes(db, tenant);
  const fed = new Set(attributes.map(({ owner, key }) => `${owner}.${key}`));
  const standard = catalogue
    .map(({ attribute }) => attribute)
    .filter(({ owner, key }) => !fed.has(`${owner}.${key}`));
  const published = await listPublished(db, tenant);
  return {
    gates: GATES,
    retention: RETENTION,
    suppressed: await countSuppressed(db, tenant),
    bases: await listBases(db, tenant),
    sensitive: [...attributes, ...standard].filter(mayNeedBasis).map((attribute) => ({
      owner: attribute.owner,
      key: attribute.key,
      name: attribute.name,
      isFed: fed.has(`${attribute.owner}.${attribute.key}`),
      usedBy: usersOf(published, attributes, attribute),
    })),
  };
}
