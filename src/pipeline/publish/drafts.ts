/** Drafts of segment sets: begun, saved by one person at a time, put forward, published, thrown away. */
import { ConflictError, InputError, PermissionError } from '../../errors.ts';
import type { Segmentation } from '../../segmentation/definition.ts';
import { showDay } from '../../segmentation/value-words.ts';
import { addDraft, changeDraft, type Draft, dropDraft, findDraft, proposeDraft } from '../../store/drafts.ts';
import type { Pool, Queryable } from '../../store/pool.ts';
import { listNewest, type SegmentationRow } from '../../store/segmentations.ts';
import type { Tenant } from '../../store/tenant.ts';
import { readChecked } from './draft-check.ts';
import { type Applied, applySegmentations, refuseClash } from './publish.ts';

/** A segment set as people work on it: the newest version of its key, and the draft of the next. */
export type Desk = { newest: SegmentationRow | null; draft: Draft | null };

/** @throws InputError `segmentation_unknown` where the key was never used */
export async function readDesk(db: Queryable, tenant: Tenant, key: string): Promise<Desk> {
  const newest = (await listNewest(db, tenant)).find((row) => row.key === key) ?? null;
  const draft = await findDraft(db, tenant, key);
  if (newest !== null || draft !== null) return { newest, draft };
  throw new InputError('segmentation_unknown', `There is no segment set ${key}.`, {
    action: 'Choose one from the list, or begin a new one.',
  });
}

/** Names what somebody looks at; a save or publication under another tag is refused. */
export function tagOf({ newest, draft }: Desk): string {
  return `"v${newest?.version ?? 0}-${draft?.revision ?? 'none'}"`;
}

/**
 * Drafts of definitions whose keys are new.
 * @returns the keys begun; those that are there already are left alone
 * @throws ConflictError where every key is taken
 */
export async function beginDrafts(
  pool: Pool,
  tenant: Tenant,
  definitions: readonly Segmentation[],
  by: string,
): Promise<string[]> {
  const newest = await listNewest(pool, tenant);
  const begun: string[] = [];
  for (const definition of definitions) {
    if (newest.some(({ key }) => key === definition.key)) continue;
    if (await addDraft(pool, tenant, definition, by)) begun.push(definition.key);
  }
  if (begun.length > 0) return begun;
  const keys = definitions.map(({ key }) => key).join(', ');
  throw new ConflictError('key_taken', `There is a segment set under ${keys} already. Nothing was changed.`, {
    action: 'Open the one that is there, or write another key.',
  });
}

/**
 * Saves a draft, the first of a version or the next.
 * @param tag what the person had before them; see tagOf
 * @throws ConflictError `changed_meanwhile` with who and when
 */
export async function saveDraft(
  pool: Pool,
  tenant: Tenant,
  definition: Segmentation,
  { tag, by }: { tag: string; by: string },
): Promise<Desk> {
  const desk = await readDesk(pool, tenant, definition.key);
  requireTag(desk, tag);
  if (desk.newest) refuseClash(definition, [desk.newest]);
  const draft = desk.draft
    ? await changeDraft(pool, tenant, definition, { revision: desk.draft.revision, by })
    : await addDraft(pool, tenant, definition, by);
  if (draft) return { ...desk, draft };
  throw changedMeanwhile(await readDesk(pool, tenant, definition.key));
}

/** Asks a second person to publish it. */
export async function putForward(pool: Pool, tenant: Tenant, key: string, tag: string): Promise<Draft> {
  const { draft } = await requireDraft(pool, tenant, key, tag);
  await readChecked(pool, tenant, draft.definition);
  if (await proposeDraft(pool, tenant, key, draft.revision)) return draft;
  throw changedMeanwhile(await readDesk(pool, tenant, key));
}

export async function discardDraft(pool: Pool, tenant: Tenant, key: string, tag: string): Promise<Draft> {
  const { draft } = await requireDraft(pool, tenant, key, tag);
  if (await dropDraft(pool, tenant, key, draft.revision)) return draft;
  throw changedMeanwhile(await readDesk(pool, tenant, key));
}

/**
 * Publishes a draft as the next version.
 * @throws InputError `definition_invalid` where something it builds on is no longer there
 * @throws PermissionError `second_person_needed` by the tenant's policy
 */
export async function publishDraft(
  pool: Pool,
  tenant: Tenant,
  key: string,
  { tag, by }: { tag: string; by: string },
): Promise<{ applied: Applied; desk: Desk }> {
  const desk = await requireDraft(pool, tenant, key, tag);
  const { draft } = desk;
  if (mayNotPublish(tenant, draft, by)) {
    throw new PermissionError(
      'second_person_needed',
      `${by} saved this draft last, and your company wants a second person to publish. The draft is kept.`,
      { action: 'Ask for approval: somebody else who may approve then publishes it.' },
    );
  }
  const definition = await readChecked(pool, tenant, draft.definition);
  const [applied] = await applySegmentations(pool, tenant, [definition], { by });
  if (applied === undefined) throw new Error(`${key} was not published`);
  await dropDraft(pool, tenant, key, draft.revision);
  return { applied, desk };
}

/** By the tenant's policy, whoever saved a draft last does not publish it. */
export function mayNotPublish({ policy }: Tenant, draft: Draft, by: string): boolean {
  return policy.approval === 'second_person' && draft.savedBy === by;
}

async function requireDraft(
  pool: Pool,
  tenant: Tenant,
  key: string,
  tag: string,
): Promise<Desk & { draft: Draft }> {
  const desk = await readDesk(pool, tenant, key);
  const { draft } = desk;
  if (draft === null) {
    throw new InputError('draft_unknown', `There is no draft of ${key}; it may have been published.`, {
      action: 'Load the page again to see what is in force.',
    });
  }
  requireTag(desk, tag);
  return { ...desk, draft };
}

function requireTag(desk: Desk, tag: string): void {
  if (tag !== tagOf(desk)) throw changedMeanwhile(desk);
}

function changedMeanwhile({ newest, draft }: Desk): ConflictError {
  const who = draft?.savedBy ?? newest?.publishedBy ?? 'Somebody';
  const at = (draft?.savedAt ?? newest?.publishedAt ?? null)?.toISOString();
  const when = at && `${showDay(at)}, ${at.slice(11, 16)}`;
  const what = draft ? 'saved another draft' : 'published or threw the draft away';
  return new ConflictError(
    'changed_meanwhile',
    `${who} ${what}${when ? ` (${when} UTC)` : ''} after you opened this. Nothing of theirs was overwritten.`,
    { action: 'Copy your YAML, load theirs, and bring your changes in again.' },
  );
}
