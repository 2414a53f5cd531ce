import { InputError } from '../errors.ts';
import type { Attribute } from '../model/attribute.ts';
import { findInCatalogue } from '../segmentation/catalogue.ts';
import { attributeName } from '../segmentation/sensitive.ts';
import { addAudit } from '../store/audit.ts';
import { listAttributes, saveSensitivity } from '../store/columns.ts';
import { sensitiveAllowed } from '../store/lawful-bases.ts';
import { type Pool, type Queryable, transaction } from '../store/pool.ts';
import { listPublished } from '../store/segmentations.ts';
import type { Tenant } from '../store/tenant.ts';
import { holdTargets, usersOf } from './lawful-basis.ts';

type Sensitivity = Attribute['sensitivity'];
type Named = Pick<Attribute, 'owner' | 'key'>;

/** From what anybody may use to what needs a lawful basis. */
const LEVELS: readonly Sensitivity[] = ['normal', 'proxy', 'sensitive'];

/** What a change of an attribute's sensitivity would do. */
export type SensitivityChange = {
  from: Sensitivity;
  to: Sensitivity;
  /** It would be handled with less care than now. */
  needsReason: boolean;
  /** Published segment sets that would give no more labels until a lawful basis is on record. */
  refused: { key: string; name: string }[];
};

/**
 * Says what a change would touch; changes nothing.
 * @throws InputError for an attribute that nothing feeds, and for a standard one that is sensitive by law
 */
export async function planSensitivity(
  db: Queryable,
  tenant: Tenant,
  named: Named,
  to: Sensitivity,
): Promise<SensitivityChange> {
  const attributes = await listAttributes(db, tenant);
  const attribute = find(attributes, named);
  const from = attribute.sensitivity;
  const needsReason = LEVELS.indexOf(to) < LEVELS.indexOf(from);
  const standard = findInCatalogue(named.owner, named.key)?.attribute;
  if (needsReason && standard?.sensitivity === 'sensitive') {
    throw new InputError(
      'sensitive_by_law',
      `${attribute.name} is sensitive by law, whoever uses it. Nothing was changed.`,
      { action: 'Record the lawful basis for using it under Privacy.' },
    );
  }
  const isAllowed = (await sensitiveAllowed(db, tenant)).has(attributeName(attribute));
  if (to !== 'sensitive' || from === 'sensitive' || isAllowed) return { from, to, needsReason, refused: [] };
  const published = await listPublished(db, tenant);
  const after = attributes.map((one) => (one === attribute ? { ...one, sensitivity: to } : one));
  const users = new Set(usersOf(published, after, attribute));
  const refused = published.flatMap(({ key, definition }) =>
    users.has(key) ? [{ key, name: definition.name }] : [],
  );
  return { from, to, needsReason, refused };
}

/**
 * Changes how carefully an attribute is handled. Published segmentations that use one which becomes sensitive without
 * a lawful basis on record keep the labels they gave, give no more, and their targets are held.
 * @throws InputError as planSensitivity, and for a lower level without a reason
 */
export async function changeSensitivity(
  pool: Pool,
  tenant: Tenant,
  named: Named,
  given: { to: Sensitivity; reason?: string | undefined; by: string },
): Promise<SensitivityChange> {
  return transaction(pool, async (client) => {
    const change = await planSensitivity(client, tenant, named, given.to);
    const { from, to, needsReason, refused } = change;
    if (from === to) return change;
    const attribute = find(await listAttributes(client, tenant), named);
    if (needsReason && !given.reason) {
      throw new InputError(
        'reason_missing',
        `${attribute.name} would be handled with less care than now. Nothing was changed.`,
        { action: 'Say why, for the audit log.' },
      );
    }
    // Money and what is sensitive is nothing for reps, as where an attribute is new.
    const repVisible =
      to === 'sensitive' ? false : (standardVisibility(attribute) ?? attribute.type !== 'money');
    await saveSensitivity(client, tenant, { ...named, sensitivity: to, repVisible });
    const held = await holdTargets(
      client,
      tenant,
      refused.map(({ key }) => key),
      {
        code: 'basis_missing',
        message: `${attribute.name} became sensitive, and no lawful basis for its use is on record. What the CRM shows stays as it is.`,
        action: 'An admin records it under Privacy, or the segment set is published without it.',
        since: new Date().toISOString(),
        by: given.by,
      },
    );
    await addAudit(client, tenant, {
      actor: given.by,
      action: 'attribute.sensitivity',
      subject: attributeName(named),
      before: { sensitivity: from },
      after: {
        sensitivity: to,
        ...(given.reason && { reason: given.reason }),
        segmentations: refused.map(({ key }) => key),
        held,
      },
    });
    return change;
  });
}

const standardVisibility = ({ owner, key }: Named): boolean | undefined =>
  findInCatalogue(owner, key)?.attribute.repVisible;

function find(attributes: readonly Attribute[], { owner, key }: Named): Attribute {
  const found = attributes.find((one) => one.owner === owner && one.key === key);
  if (found) return found;
  throw new InputError('attribute_unknown', `Nothing feeds ${owner}.${key} here. Nothing was changed.`, {
    action: 'Map a CRM property to it first.',
  });
}
