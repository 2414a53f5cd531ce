/** What somebody looks at before publishing: differences in words, who enters and leaves, where it is written. */
import { readChecked } from '../pipeline/publish/draft-check.ts';
import { readDesk } from '../pipeline/publish/drafts.ts';
import { offersOf, targetsOf } from '../pipeline/publish/target-choice.ts';
import { indexAttributes } from '../segmentation/attribute-index.ts';
import { nameOfColumn } from '../segmentation/attribute-names.ts';
import type { Segmentation } from '../segmentation/definition.ts';
import { type Difference, differencesOf } from '../segmentation/differences.ts';
import { type PrivacyWarning, privacyWarnings } from '../segmentation/privacy-warnings.ts';
import type { Unmet } from '../segmentation/requirements.ts';
import { listAttributes } from '../store/columns.ts';
import { listConnections } from '../store/connections.ts';
import type { Pool, Queryable } from '../store/pool.ts';
import { ALL_SEGMENTATIONS, listTargets } from '../store/targets.ts';
import type { Tenant } from '../store/tenant.ts';
import { type Planned, type PlannedSegment, planSegmentations } from './plan.ts';
import { type RoomFinding, readRoom } from './room.ts';
import { KIND_NAMES } from './writes.ts';

export type DraftTarget = {
  connection: string;
  system: string;
  what: string;
  state: 'new' | 'held' | 'live' | 'paused';
};

export type DraftPlan = Pick<
  Planned,
  'change' | 'changes' | 'total' | 'unlabelled' | 'samples' | 'problem'
> & {
  differences: Difference[];
  segments: (PlannedSegment & {
    name: string;
    /** Attributes by name. */
    lacks: string[];
    /** Those of conditions that are passed over, by name. */
    passedOver: string[];
  })[];
  targets: DraftTarget[];
  room: RoomFinding[];
  warnings: PrivacyWarning[];
  releases: 'ask' | 'auto';
};

/**
 * Of the draft, or of the version in force where there is none.
 * @throws InputError where it could not be published
 */
export async function planDraft(pool: Pool, tenant: Tenant, key: string, asOf: Date): Promise<DraftPlan> {
  const { newest, draft } = await readDesk(pool, tenant, key);
  const definition = await readChecked(pool, tenant, draft?.definition ?? newest?.definition);
  const [planned] = await planSegmentations(pool, tenant, [definition], asOf);
  if (planned === undefined) throw new Error(`no plan of ${key}`);
  const attributes = await listAttributes(pool, tenant);
  const words = {
    attributes: indexAttributes(attributes),
    calendar: { asOf, zone: tenant.zone, fiscalYearStart: tenant.fiscalYearStart },
    currency: tenant.currency,
  };
  const names = new Map(
    [...(newest?.definition.segments ?? []), ...definition.segments].map((one) => [one.key, one.name]),
  );
  const { change, changes, total, unlabelled, samples, problem, unmet, passedOver } = planned;
  const namesOf = (of: readonly Unmet[], { segment }: PlannedSegment): string[] =>
    (of.find((one) => one.segment === segment)?.missing ?? []).map((one) =>
      nameOfColumn(one, definition.subject),
    );
  return {
    change,
    changes,
    total,
    unlabelled,
    samples,
    problem,
    differences: differencesOf(newest?.state === 'published' ? newest.definition : null, definition, words),
    segments: planned.segments.map((segment) => ({
      ...segment,
      name: names.get(segment.segment) ?? segment.segment,
      lacks: namesOf(unmet, segment),
      passedOver: namesOf(passedOver, segment),
    })),
    targets: await draftTargets(pool, tenant, definition),
    room: await readRoom(pool, tenant, definition),
    warnings: privacyWarnings(definition, attributes),
    releases: definition.use === 'eligibility' ? 'ask' : tenant.policy.release,
  };
}

async function draftTargets(db: Queryable, tenant: Tenant, definition: Segmentation): Promise<DraftTarget[]> {
  const present = await listTargets(db, tenant);
  const connections = await listConnections(db, tenant);
  const offers = offersOf(connections);
  return connections.flatMap(({ id, name, system }) => {
    const offer = offers.get(id);
    if (offer === undefined) return [];
    return targetsOf(definition, id, offer).flatMap((target) => {
      if (target.segmentation === ALL_SEGMENTATIONS) return [];
      const found = present.find(
        (one) =>
          one.connectionId === id &&
          one.segmentation === target.segmentation &&
          one.segment === target.segment &&
          one.kind === target.kind &&
          one.object === target.object,
      );
      const segment = definition.segments.find((one) => one.key === target.segment)?.name;
      return {
        connection: name,
        system,
        what: `${KIND_NAMES[target.kind]} on the ${target.object}${segment ? `: ${segment}` : ''}`,
        state: found?.state ?? ('new' as const),
      };
    });
  });
}
