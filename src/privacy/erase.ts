import { randomUUID } from 'node:crypto';
import { InputError } from '../errors.ts';
import { addAudit } from '../store/audit.ts';
import {
  definitionsNaming,
  findHeld,
  type Held,
  listShown,
  markModels,
  type RecordRef,
  removeHeld,
  sharedEmails,
  stopWriters,
  type Who,
} from '../store/erasure.ts';
import { type Pool, type Queryable, transaction } from '../store/pool.ts';
import { recordIdentity, type SuppressionKey, suppress, suppressionHash } from '../store/suppressions.ts';
import type { Tenant } from '../store/tenant.ts';

/** What an erasure did. It names nobody, and may be kept as proof. */
export type Erasure = {
  id: string;
  at: Date;
  by: string;
  /** How many people and records; none where nothing was held (any more). */
  people: number;
  records: number;
  /** Rows removed, by table. */
  removed: Record<string, number>;
  /** Deals that stay as revenue of nobody, or of others who take part in them. */
  deals: number;
  /** Identities that are now known as never to be stored again. */
  suppressed: number;
  /** Addresses that other people hold too: these people are known again by their records only. */
  sharedAddresses: number;
  /** Labels that a CRM still shows: live targets clear them with the next full run, others once they are released. */
  toClear: { connectionId: string; targetId: string; state: 'held' | 'live' | 'paused'; records: number }[];
  /** Models learned with these people; the next learning is without them. */
  models: { segmentation: string; version: number }[];
  /** Segmentations whose definition names an address: somebody wrote it there, and has to take it out. */
  namedIn: string[];
};

export type ErasureOptions = {
  by: string;
  /** For the audit; it may not name the person. */
  reason?: string | undefined;
  /** Everybody who holds the address, where several people do. */
  all?: boolean | undefined;
};

/**
 * Removes somebody from everything that is stored, and remembers by keyed hashes only that they must never be stored
 * again. Safe to do twice. Nobody else's data goes: deals and companies stay.
 * @throws InputError where several people hold the address and `all` was not said
 */
export async function erase(
  pool: Pool,
  key: SuppressionKey,
  tenant: Tenant,
  who: Who,
  options: ErasureOptions,
): Promise<Erasure> {
  refuseNaming(who, options.reason);
  return transaction(pool, async (client) => {
    await stopWriters(client, tenant);
    const held = await findHeld(client, tenant, who);
    if (options.all !== true) refuseSeveral(held);
    const shared = await sharedEmails(client, tenant, held);
    const emails = new Set([
      ...held.records.flatMap(({ emails }) => emails),
      ...(who.email === undefined ? [] : [who.email]),
    ]);
    const own = [...emails].filter((email) => !shared.has(email));
    const known = new Map(
      [...held.records, ...(who.record ? [who.record] : [])].map((one) => [nameOf(one), one]),
    );
    const suppressed = await suppressAll(client, key, tenant, own, [...known.values()]);
    const erasure: Erasure = {
      id: randomUUID(),
      at: new Date(),
      by: options.by,
      people: held.people.length,
      records: held.records.length,
      deals: held.deals.length,
      suppressed,
      sharedAddresses: emails.size - own.length,
      toClear: await listShown(client, tenant, held.records),
      removed: await removeHeld(client, tenant, held),
      models: await markModels(client, tenant, held.people.length),
      namedIn: await definitionsNaming(client, tenant, [...emails]),
    };
    const { id, at: _, by: __, ...facts } = erasure;
    await addAudit(client, tenant, {
      actor: options.by,
      action: 'customer.erase',
      subject: id,
      after: { ...facts, ...(options.reason === undefined ? {} : { reason: options.reason }) },
    });
    return erasure;
  });
}

const nameOf = ({ connectionId, id }: RecordRef): string => `${connectionId}/${id}`;

async function suppressAll(
  client: Queryable,
  key: SuppressionKey,
  tenant: Tenant,
  emails: readonly string[],
  records: readonly RecordRef[],
): Promise<number> {
  const identities = [...emails, ...records.map(({ connectionId, id }) => recordIdentity(connectionId, id))];
  const hashes = identities.map((identity) => suppressionHash(key, tenant, identity));
  return await suppress(client, tenant, hashes, 'erased');
}

/** The audit keeps the fact, not the person. */
function refuseNaming({ email }: Who, reason: string | undefined): void {
  if (email === undefined || !reason?.toLowerCase().includes(email)) return;
  throw new InputError(
    'reason_names_person',
    'The reason names the person, and it would be kept. Nothing was changed.',
    { action: 'Say why without saying who, for example with the number of the request.' },
  );
}

/** One person may have an account in production and one in test; two in the same are two people. */
function refuseSeveral({ people, records }: Held): void {
  const modes = new Set(records.map(({ mode }) => mode));
  if (people.length <= Math.max(1, modes.size)) return;
  throw new InputError(
    'person_ambiguous',
    `${people.length} people hold this address: ${people
      .slice(0, 10)
      .map((id) => `person:${id}`)
      .join(', ')}${people.length > 10 ? ', …' : ''}. Nothing was changed.`,
    {
      action:
        'Name the one you mean as person:ID, or ask for all of them: `--all` on the command line, `all` over the API.',
    },
  );
}
