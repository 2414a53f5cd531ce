/** What the list of segment sets shows: each key with its version in force, its draft, sizes and what it waits for. */

import { missingData } from '../pipeline/publish/plans.ts';
import { nextAfter } from '../review/rhythm.ts';
import type { Segmentation } from '../segmentation/definition.ts';
import { scoreNames } from '../segmentation/methods.ts';
import { listAttributes } from '../store/columns.ts';
import { type Draft, listDrafts } from '../store/drafts.ts';
import { listMappings } from '../store/mappings.ts';
import type { Queryable } from '../store/pool.ts';
import { newestSizes } from '../store/segment-sizes.ts';
import { listNewest, type SegmentationRow } from '../store/segmentations.ts';
import { listTargets } from '../store/targets.ts';
import type { Tenant } from '../store/tenant.ts';

export type SegmentSet = {
  key: string;
  /** Draft: never published. */
  state: 'draft' | 'published' | 'retired';
  /** In force, or the draft's where nothing is. */
  definition: Segmentation;
  version: number | null;
  draft: Draft | null;
  changedAt: Date | null;
  changedBy: string | null;
  /** Of the last day on which sizes were counted; none before the first run. */
  sizes: { segment: string; size: number; revenue: number }[];
  scores: readonly string[];
  /** Targets that wait for a person. */
  held: number;
  /** Why its labels stay as they are for now: an attribute is filling. */
  waitsFor: string | null;
  reviewDue: Date | null;
};

export async function listSegmentSets(db: Queryable, tenant: Tenant): Promise<SegmentSet[]> {
  const newest = new Map((await listNewest(db, tenant)).map((row) => [row.key, row]));
  const drafts = new Map((await listDrafts(db, tenant)).map((draft) => [draft.key, draft]));
  const sizes = await newestSizes(db, tenant);
  const targets = await listTargets(db, tenant);
  const mappings = await listMappings(db, tenant);
  const attributes = await listAttributes(db, tenant);
  const reviewed = await lastReviews(db, tenant);
  const keys = [...new Set([...newest.keys(), ...drafts.keys()])].sort();
  return keys.flatMap((key): SegmentSet[] => {
    const row = newest.get(key);
    const draft = drafts.get(key) ?? null;
    const definition = row?.definition ?? draft?.definition;
    if (definition === undefined) return [];
    return [
      {
        key,
        state: stateOf(row),
        definition,
        version: row?.version ?? null,
        draft,
        changedAt: draft?.savedAt ?? row?.publishedAt ?? null,
        changedBy: draft?.savedBy ?? row?.publishedBy ?? null,
        sizes: sizes.get(key) ?? [],
        scores: scoreNames(definition),
        held: targets.filter(({ segmentation, state }) => segmentation === key && state === 'held').length,
        waitsFor: row?.state === 'published' ? missingData(definition, mappings, attributes) : null,
        reviewDue: row ? dueOf(row, reviewed.get(key) ?? row.publishedAt, tenant.zone) : null,
      },
    ];
  });
}

function stateOf(row: SegmentationRow | undefined): SegmentSet['state'] {
  if (row === undefined) return 'draft';
  return row.state === 'retired' ? 'retired' : 'published';
}

function dueOf({ state, definition }: SegmentationRow, last: Date | null, zone: string): Date | null {
  if (state !== 'published' || definition.review === undefined || last === null) return null;
  return nextAfter(definition.review, last, zone);
}

/** When somebody last looked at each. */
async function lastReviews(db: Queryable, { schema }: Tenant): Promise<Map<string, Date>> {
  const { rows } = await db.query<{ segmentation: string; at: Date }>(
    `select segmentation, max(done_at) as at from ${schema}.review where done_at is not null group by 1`,
  );
  return new Map(rows.map(({ segmentation, at }) => [segmentation, at]));
}
