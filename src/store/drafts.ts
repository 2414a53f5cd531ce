import { z } from 'zod';
import { Segmentation } from '../segmentation/definition.ts';
import type { Queryable } from './pool.ts';
import type { Tenant } from './tenant.ts';

/** What somebody is working on: one draft a key, beside the versions that are or were in force. */
export const Draft = z.object({
  key: z.string(),
  definition: Segmentation,
  /** Another with each save. */
  revision: z.string(),
  savedAt: z.date(),
  savedBy: z.string(),
  /** When it was put forward for a second person to publish; null while it is worked on. */
  proposedAt: z.date().nullable(),
});
export type Draft = z.infer<typeof Draft>;

const COLUMNS = `key, definition, revision::text, saved_at as "savedAt", saved_by as "savedBy",
  proposed_at as "proposedAt"`;

export async function listDrafts(db: Queryable, { schema }: Tenant): Promise<Draft[]> {
  const { rows } = await db.query(`select ${COLUMNS} from ${schema}.segmentation_draft order by key`);
  return rows.map((row) => Draft.parse(row));
}

export async function findDraft(db: Queryable, { schema }: Tenant, key: string): Promise<Draft | null> {
  const { rows } = await db.query(`select ${COLUMNS} from ${schema}.segmentation_draft where key = $1`, [
    key,
  ]);
  return rows[0] ? Draft.parse(rows[0]) : null;
}

/** Null where there is a draft of that key already. */
export async function addDraft(
  db: Queryable,
  { schema }: Tenant,
  definition: Segmentation,
  by: string,
): Promise<Draft | null> {
  const { rows } = await db.query(
    `insert into ${schema}.segmentation_draft (key, definition, saved_by) values ($1, $2, $3)
     on conflict (key) do nothing returning ${COLUMNS}`,
    [definition.key, definition, by],
  );
  return rows[0] ? Draft.parse(rows[0]) : null;
}

/** Null where the draft is no longer the one that `revision` names. */
export async function changeDraft(
  db: Queryable,
  { schema }: Tenant,
  definition: Segmentation,
  { revision, by }: { revision: string; by: string },
): Promise<Draft | null> {
  const { rows } = await db.query(
    `update ${schema}.segmentation_draft
     set definition = $2, saved_by = $4, saved_at = now(), revision = gen_random_uuid(), proposed_at = null
     where key = $1 and revision = $3::uuid returning ${COLUMNS}`,
    [definition.key, definition, revision, by],
  );
  return rows[0] ? Draft.parse(rows[0]) : null;
}

/** Puts it forward for a second person. False where there is no such draft. */
export async function proposeDraft(
  db: Queryable,
  { schema }: Tenant,
  key: string,
  revision: string,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update ${schema}.segmentation_draft set proposed_at = now() where key = $1 and revision = $2::uuid`,
    [key, revision],
  );
  return rowCount > 0;
}

/** False where the draft is no longer the one that `revision` names. */
export async function dropDraft(
  db: Queryable,
  { schema }: Tenant,
  key: string,
  revision: string,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `delete from ${schema}.segmentation_draft where key = $1 and revision = $2::uuid`,
    [key, revision],
  );
  return rowCount > 0;
}
