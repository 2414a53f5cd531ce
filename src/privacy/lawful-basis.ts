import { InputError } from '../errors.ts';
import { type Attribute, AttributeOwner } from '../model/attribute.ts';
import { findInCatalogue } from '../segmentation/catalogue.ts';
import { sensitiveUses } from '../segmentation/sensitive.ts';
import { addAudit } from '../store/audit.ts';
import { listAttributes } from '../store/columns.ts';
import { Basis, dropBasis, lawfulBases, saveBasis } from '../store/lawful-bases.ts';
import { type Pool, type Queryable, transaction } from '../store/pool.ts';
import { listPublished, type SegmentationRow } from '../store/segmentations.ts';
import { listTargets, lockTargets, setTargetState, type TargetReason } from '../store/targets.ts';
import type { Tenant } from '../store/tenant.ts';

/** Attributes that are not sensitive by themselves, but single out people under 18 where they are used so. */
const OF_AGE = new Set(['person.age', 'person.birth_date']);

/** Is there a use of it for which a basis has to be on record? */
export function mayNeedBasis({ owner, key, sensitivity }: Attribute): boolean {
  return sensitivity === 'sensitive' || OF_AGE.has(`${owner}.${key}`);
}

/**
 * Records why a sensitive attribute may be used; with that it can be used like any other.
 * @param name as `person.religion`
 */
export async function allowSensitive(
  pool: Pool,
  tenant: Tenant,
  name: string,
  given: { basis: string; article?: string | undefined; by: string; note?: string | undefined },
): Promise<void> {
  const attribute = await findAttribute(pool, tenant, name);
  const { owner, key } = attribute;
  if (!mayNeedBasis(attribute)) {
    throw new InputError('not_sensitive', `${name} is not sensitive: it can be used as it is.`, {
      action: 'Nothing to do.',
    });
  }
  const basis = Basis.safeParse(given.basis);
  if (!basis.success) {
    throw new InputError('basis_unknown', `"${given.basis}" is no lawful basis. Nothing was changed.`, {
      action: `Use one of: ${Basis.options.join(', ')}.`,
    });
  }
  const article = given.article ?? lawfulBases[basis.data];
  await transaction(pool, async (client) => {
    const { by, note = null } = given;
    await saveBasis(client, tenant, { owner, key, basis: basis.data, article, by, note });
    await addAudit(client, tenant, {
      actor: by,
      action: 'basis.record',
      subject: name,
      after: { basis: basis.data, article, note },
    });
  });
}

/**
 * Takes a lawful basis back. Segmentations that use the attribute keep the labels they gave, give no more, and write
 * nothing until it is on record again or they go without it.
 * @returns the keys of those segmentations
 */
export async function revokeSensitive(
  pool: Pool,
  tenant: Tenant,
  name: string,
  by: string,
): Promise<string[]> {
  const { owner, key } = await findAttribute(pool, tenant, name);
  return transaction(pool, async (client) => {
    if (!(await dropBasis(client, tenant, { owner, key }))) {
      throw new InputError(
        'basis_missing',
        `No lawful basis is on record for ${name}. Nothing was changed.`,
        {
          action: 'See those there are.',
        },
      );
    }
    const users = await segmentationsUsing(client, tenant, { owner, key });
    const held = await holdTargets(client, tenant, users, {
      code: 'basis_revoked',
      message: `The lawful basis for using ${name} was revoked. What the CRM shows stays as it is.`,
      action: 'Record it again, publish the segmentation without it, or retire it with its labels cleared.',
      since: new Date().toISOString(),
      by,
    });
    await addAudit(client, tenant, {
      actor: by,
      action: 'basis.revoke',
      subject: name,
      after: { segmentations: users, held },
    });
    return users;
  });
}

/** Holds what segmentations write, inside the caller's transaction. Returns how many targets were live. */
export async function holdTargets(
  db: Queryable,
  tenant: Tenant,
  segmentations: readonly string[],
  reason: TargetReason,
): Promise<number> {
  await lockTargets(db, tenant);
  const ids = (await listTargets(db, tenant)).flatMap(({ id, segmentation, state }) =>
    state === 'live' && segmentations.includes(segmentation) ? [id] : [],
  );
  await setTargetState(db, tenant, ids, { state: 'held', reason });
  return ids.length;
}

async function segmentationsUsing(
  db: Queryable,
  tenant: Tenant,
  { owner, key }: Pick<Attribute, 'owner' | 'key'>,
): Promise<string[]> {
  return usersOf(await listPublished(db, tenant), await listAttributes(db, tenant), { owner, key });
}

/** Keys of those segmentations that use an attribute in a way that needs a basis. */
export function usersOf(
  published: readonly SegmentationRow[],
  attributes: readonly Attribute[],
  { owner, key }: Pick<Attribute, 'owner' | 'key'>,
): string[] {
  return published
    .filter(({ definition }) =>
      sensitiveUses(definition, { attributes, asOf: new Date() }).some(
        (use) => use.owner === owner && use.key === key,
      ),
    )
    .map((row) => row.key);
}

/** The tenant's own attribute of that name, else the catalogue's. */
async function findAttribute(db: Queryable, tenant: Tenant, name: string): Promise<Attribute> {
  const [owner, key, ...rest] = name.split('.');
  const known = AttributeOwner.safeParse(owner);
  const found =
    known.success && key !== undefined && rest.length === 0
      ? ((await listAttributes(db, tenant)).find((one) => one.owner === known.data && one.key === key) ??
        findInCatalogue(known.data, key)?.attribute)
      : undefined;
  if (found) return found;
  throw new InputError('attribute_unknown', `There is no attribute "${name}". Nothing was changed.`, {
    action: 'Name it as person.religion: whose it is, a dot, its key.',
  });
}
