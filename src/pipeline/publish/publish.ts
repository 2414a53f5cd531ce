import { InputError } from '../../errors.ts';
import type { Segmentation } from '../../segmentation/definition.ts';
import { references } from '../../segmentation/references.ts';
import { addAudit } from '../../store/audit.ts';
import { addLabelColumn, dropLabelColumn } from '../../store/columns.ts';
import { listConnections } from '../../store/connections.ts';
import { type Pool, type Queryable, transaction } from '../../store/pool.ts';
import {
  listNewest,
  listPublished,
  lockSegmentations,
  publishVersion,
  retireVersion,
  type SegmentationRow,
} from '../../store/segmentations.ts';
import {
  addTargets,
  listTargets,
  lockTargets,
  setTargetState,
  type TargetReason,
  type TargetRow,
} from '../../store/targets.ts';
import type { Tenant } from '../../store/tenant.ts';
import { refuseSensitive } from '../label/sensitive-gate.ts';
import { offersOf, type TargetOffer, targetsOf } from './target-choice.ts';

export type Change = 'new' | 'changed' | 'unchanged';

export type Applied = {
  key: string;
  change: Change;
  version: number;
  /** Targets that now wait for somebody. */
  held: number;
};

export type PublishOptions = {
  /** Who does it, for the record. */
  by: string;
  /** What systems offer; the registry's connectors if left out. */
  offerOf?: (system: string) => TargetOffer | undefined;
};

/** How a definition stands to the version in force. */
export function changeOf(definition: Segmentation, newest: readonly SegmentationRow[]): Change {
  const before = newest.find(({ key }) => key === definition.key);
  if (before === undefined) return 'new';
  return before.state === 'published' && isSame(before.definition, definition) ? 'unchanged' : 'changed';
}

/** Key order does not matter in JSON. */
const isSame = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b);
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([x], [y]) => (x < y ? -1 : 1)))
      : part,
  );

/**
 * Publishes definitions: an immutable version each, a column for its labels, and its targets, held until somebody
 * releases them (or released at once, by the tenant's policy). Live targets of a definition that changed are held
 * again. What is as it was stays untouched.
 */
export async function applySegmentations(
  pool: Pool,
  tenant: Tenant,
  definitions: readonly Segmentation[],
  options: PublishOptions,
): Promise<Applied[]> {
  const newest = await listNewest(pool, tenant);
  for (const definition of definitions) refuseClash(definition, newest);
  await refuseSensitive(pool, tenant, definitions);
  const applied: Applied[] = [];
  for (const definition of definitions) {
    const change = changeOf(definition, newest);
    if (change === 'unchanged') {
      const version = newest.find(({ key }) => key === definition.key)?.version ?? 1;
      applied.push({ key: definition.key, change, version, held: 0 });
      continue;
    }
    await addLabelColumn(pool, tenant, definition.subject, definition.key, definition.labels);
    const publishing = transaction(pool, async (client) => {
      await lockSegmentations(client, tenant);
      await lockTargets(client, tenant);
      // Somebody may have published it since, or retired it.
      const present = await listNewest(client, tenant);
      refuseClash(definition, present);
      const before = present.find(({ key }) => key === definition.key);
      if (before && changeOf(definition, present) === 'unchanged')
        return { version: before.version, held: 0 };
      const next = await publishVersion(client, tenant, definition, options.by);
      const live = (await listTargets(client, tenant, { segmentation: definition.key })).filter(
        ({ state }) => state === 'live',
      );
      const asks = !releasesItself(tenant, definition);
      if (asks) {
        const ids = live.map(({ id }) => id);
        await setTargetState(client, tenant, ids, {
          state: 'held',
          reason: changedReason(definition, options.by),
        });
      }
      await addAudit(client, tenant, {
        actor: options.by,
        action: 'segmentation.publish',
        subject: definition.key,
        before: before?.definition,
        after: definition,
      });
      return { version: next, held: asks ? live.length : 0 };
    });
    const { version, held } = await publishing.catch(async (error: unknown) => {
      // Retired after its column was looked for: that may be made anew then.
      if (error instanceof InputError && error.code === 'key_retired')
        await dropLabelColumn(pool, tenant, definition.subject, definition.key);
      throw error;
    });
    applied.push({ key: definition.key, change, version, held });
  }
  await addMissingTargets(pool, tenant, options);
  await pauseUnchosen(pool, tenant, options);
  const waiting = await listTargets(pool, tenant);
  return applied.map((one) => ({
    ...one,
    held: waiting.filter(({ segmentation, state }) => segmentation === one.key && state === 'held').length,
  }));
}

/** A key belongs to one segmentation for good, and what its labels are about stays the same. */
export function refuseClash(definition: Segmentation, newest: readonly SegmentationRow[]): void {
  const before = newest.find(({ key }) => key === definition.key);
  if (before === undefined) return;
  if (before.state === 'retired') {
    throw new InputError(
      'key_retired',
      `${definition.key} was retired; its key is never used again. Nothing was changed.`,
      {
        action: 'Publish it under another key.',
      },
    );
  }
  if (before.definition.subject !== definition.subject || before.definition.labels !== definition.labels) {
    throw new InputError(
      'labels_fixed',
      `${definition.key} gives ${before.definition.labels} label(s) to each ${before.definition.subject}, and that can't be changed. Nothing was changed.`,
      { action: 'Publish it under another key and retire this one.' },
    );
  }
}

/** Labels that affect price, credit or access reach nobody without a person's step, whatever the policy. */
function releasesItself({ policy }: Tenant, { use }: Segmentation): boolean {
  return policy.release === 'auto' && use !== 'eligibility';
}

/** Gives every published segmentation its targets on every connection; those there are stay as they are. */
export async function addMissingTargets(
  pool: Pool,
  tenant: Tenant,
  { by = 'setup', offerOf }: Partial<PublishOptions> = {},
): Promise<number> {
  const offers = [...offersOf(await listConnections(pool, tenant), offerOf)];
  const published = await listPublished(pool, tenant);
  const wanted = offers.flatMap(([id, offer]) =>
    published.flatMap(({ definition }) => targetsOf(definition, id, offer)),
  );
  const unique = [...new Map(wanted.map((target) => [JSON.stringify(target), target])).values()];
  return transaction(pool, async (client) => {
    await lockTargets(client, tenant);
    const before = new Set((await listTargets(client, tenant)).map(({ id }) => id));
    const added = await addTargets(client, tenant, unique, newReason(by));
    if (added > 0 && tenant.policy.release === 'auto') {
      const byHand = new Set(
        published.filter(({ definition }) => !releasesItself(tenant, definition)).map(({ key }) => key),
      );
      const fresh = (await listTargets(client, tenant))
        .filter(({ id, segmentation }) => !before.has(id) && !byHand.has(segmentation))
        .map(({ id }) => id);
      await setTargetState(client, tenant, fresh, { state: 'live', reason: null });
    }
    return added;
  });
}

/** Targets that a definition no longer asks for are left as they are in the CRM, and written no more. */
async function pauseUnchosen(pool: Pool, tenant: Tenant, { by, offerOf }: PublishOptions): Promise<void> {
  const offers = offersOf(await listConnections(pool, tenant), offerOf);
  const published = await listPublished(pool, tenant);
  const name = (target: Pick<TargetKey, keyof TargetKey>) =>
    JSON.stringify([target.connectionId, target.segmentation, target.segment, target.kind, target.object]);
  const wanted = new Set(
    [...offers].flatMap(([id, offer]) =>
      published.flatMap(({ definition }) => targetsOf(definition, id, offer).map(name)),
    ),
  );
  const keys = new Set(published.map(({ key }) => key));
  const isUnchosen = (target: TargetRow) =>
    keys.has(target.segmentation) &&
    offers.has(target.connectionId) &&
    target.state !== 'paused' &&
    !wanted.has(name(target));
  if (!(await listTargets(pool, tenant)).some(isUnchosen)) return;
  await transaction(pool, async (client) => {
    await lockTargets(client, tenant);
    const unchosen = (await listTargets(client, tenant)).filter(isUnchosen);
    await setTargetState(
      client,
      tenant,
      unchosen.map(({ id }) => id),
      { state: 'paused', reason: unchosenReason(by) },
    );
  });
}

type TargetKey = {
  connectionId: string;
  segmentation: string;
  segment: string | null;
  kind: string;
  object: string;
};

/**
 * Takes a segmentation out of use. `keep`: the CRMs go on showing the last labels. `clear`: the next runs take them
 * away where its targets are live. Its key stays taken.
 */
export async function retireSegmentation(
  pool: Pool,
  tenant: Tenant,
  key: string,
  options: { values: 'keep' | 'clear'; by: string },
): Promise<void> {
  const row = await transaction(pool, async (client) => {
    await lockSegmentations(client, tenant);
    await lockTargets(client, tenant);
    const row = await requirePublished(client, tenant, key);
    await refuseWhereNeeded(client, tenant, key);
    await retireVersion(client, tenant, key);
    const targets = await listTargets(client, tenant, { segmentation: key });
    const ids = targets
      .filter(({ state }) => options.values === 'keep' || state === 'held')
      .map(({ id }) => id);
    await setTargetState(client, tenant, ids, { state: 'paused', reason: retiredReason(options.by) });
    await addAudit(client, tenant, {
      actor: options.by,
      action: 'segmentation.retire',
      subject: key,
      before: row.definition,
    });
    return row;
  });
  await dropLabelColumn(pool, tenant, row.definition.subject, key);
}

async function requirePublished(db: Queryable, tenant: Tenant, key: string): Promise<SegmentationRow> {
  const row = (await listPublished(db, tenant)).find((published) => published.key === key);
  if (row) return row;
  throw new InputError('segmentation_unknown', `There is no published segmentation ${key}.`, {
    action: 'See which are published.',
  });
}

/** Others in force that build on its segments could not be worked out without it. */
async function refuseWhereNeeded(db: Queryable, tenant: Tenant, key: string): Promise<void> {
  const builders = (await listPublished(db, tenant)).filter(
    (other) =>
      other.key !== key &&
      [...references(other.definition)].some(
        (reference) => reference.kind !== 'attribute' && reference.name.startsWith(`${key}.`),
      ),
  );
  if (builders.length === 0) return;
  const names = builders.map((other) => other.key).join(', ');
  throw new InputError('segmentation_needed', `${names} builds on ${key}. Nothing was changed.`, {
    action: `Publish ${names} without it, or retire ${names} first.`,
  });
}

const newReason = (by: string): TargetReason => ({
  code: 'new',
  message: 'Nothing was written here yet.',
  action: 'Look at what would be written, then release it.',
  since: new Date().toISOString(),
  by,
});

const changedReason = ({ name }: Segmentation, by: string): TargetReason => ({
  code: 'definition_changed',
  message: `${name} was published anew; the CRM shows the labels of the version before.`,
  action: 'Look at who enters and leaves, then release it.',
  since: new Date().toISOString(),
  by,
});

const unchosenReason = (by: string): TargetReason => ({
  code: 'not_chosen',
  message: 'The definition no longer asks for this target. What the CRM shows stays as it is.',
  action: 'Add it under `targets` again, then release it.',
  since: new Date().toISOString(),
  by,
});

const retiredReason = (by: string): TargetReason => ({
  code: 'retired',
  message: 'The segmentation was retired. What the CRM shows stays as it is.',
  action: 'Nothing to do.',
  since: new Date().toISOString(),
  by,
});
