import { z } from 'zod';
import { nameWithin } from '../model/name-within.ts';
import { ObjectType } from '../model/record.ts';
import { readScene, shownTargets } from '../pipeline/push/desired.ts';
import { RECORDS_AT_ONCE, rangeEnd, readDifferences } from '../pipeline/push/difference.ts';
import type { Segmentation } from '../segmentation/definition.ts';
import { listConnections } from '../store/connections.ts';
import type { Queryable } from '../store/pool.ts';
import { listNewest } from '../store/segmentations.ts';
import { ALL_SEGMENTATIONS, listTargets, type TargetRow } from '../store/targets.ts';
import type { Tenant } from '../store/tenant.ts';
import { recordLink } from './record-link.ts';
import { recordNames } from './record-names.ts';

/** One value of one record, as it was and as it is (or would be), in words. */
export type WriteLine = {
  connectionId: string;
  connection: string;
  object: ObjectType;
  /** The record's id in the CRM, and where to open it there. */
  record: string;
  link: string | null;
  /** The customer's name, or e-mail; null where nobody knows. */
  customer: string | null;
  customerId: string | null;
  target: string;
  what: string;
  before: string[];
  after: string[];
};

export type Written = WriteLine & { id: string; at: Date; cause: string; undoneAt: Date | null };

const LogRow = z.object({
  id: z.string(),
  at: z.date(),
  connectionId: z.string(),
  object: ObjectType,
  key: z.string(),
  targetId: z.string(),
  before: z.unknown(),
  after: z.unknown(),
  cause: z.string(),
  undoneAt: z.date().nullable(),
});

/** What a run wrote, in the order it was written, after the line of that id. */
export async function runWrites(
  db: Queryable,
  tenant: Tenant,
  runId: string,
  page: { after?: string | undefined; limit: number },
): Promise<Written[]> {
  const { rows } = await db.query(
    `select id::text, at, connection_id as "connectionId", object, external_key as key, target_id as "targetId",
       before, after, cause, undone_at as "undoneAt"
     from ${tenant.schema}.push_log
     where run_id = $1 and ($2::bigint is null or id > $2::bigint) order by id limit $3`,
    [runId, page.after ?? null, page.limit],
  );
  const log = rows.map((row) => LogRow.parse(row));
  const lines = await describeLines(db, tenant, log);
  return log.map(({ id, at, cause, undoneAt }, i) => ({
    ...(lines[i] as WriteLine),
    id,
    at,
    cause,
    undoneAt,
  }));
}

/** What releasing one target would write, by record id, after the record of that id. */
export async function targetWrites(
  db: Queryable,
  tenant: Tenant,
  target: TargetRow,
  page: { asOf: Date; after?: string | undefined; limit: number },
): Promise<WriteLine[]> {
  const scene = await readScene(db, tenant, target.connectionId, page.asOf);
  const shown = shownTargets([target]);
  const found: RawLine[] = [];
  for (let after = page.after ?? null; shown.length > 0 && found.length < page.limit; ) {
    const to = await rangeEnd(db, scene, target.object, after, RECORDS_AT_ONCE);
    const limit = page.limit - found.length;
    const differences = await readDifferences(
      db,
      scene,
      target.object,
      shown,
      { after, to },
      { limit, runId: null },
    );
    for (const { key, gone, want, shown: now } of differences) {
      const [before, later] = [now[target.id], want[target.id]];
      // A refused or doubtful row may be right as it is.
      if (gone !== null || JSON.stringify(before) === JSON.stringify(later)) continue;
      found.push({
        connectionId: target.connectionId,
        object: target.object,
        key,
        targetId: target.id,
        before,
        after: later,
      });
    }
    const last = differences.at(-1);
    if (differences.length === limit && last) after = last.key;
    else if (to === null) break;
    else after = to;
  }
  return describeLines(db, tenant, found);
}

export type RawLine = {
  connectionId: string;
  object: ObjectType;
  key: string;
  targetId: string;
  before: unknown;
  after: unknown;
};

/** Puts values of the ledger into words: names of customers, segments and targets. In the same order. */
export async function describeLines(
  db: Queryable,
  tenant: Tenant,
  lines: readonly RawLine[],
): Promise<WriteLine[]> {
  const connections = new Map((await listConnections(db, tenant)).map((one) => [one.id, one]));
  const targets = new Map((await listTargets(db, tenant)).map((one) => [one.id, one]));
  const definitions = new Map((await listNewest(db, tenant)).map(({ key, definition }) => [key, definition]));
  const names = new Map<string, Awaited<ReturnType<typeof recordNames>>>();
  for (const { connectionId, object } of lines) {
    const place = `${connectionId} ${object}`;
    if (names.has(place)) continue;
    const keys = lines.filter((one) => one.connectionId === connectionId && one.object === object);
    names.set(
      place,
      await recordNames(
        db,
        tenant,
        { connectionId, object },
        keys.map(({ key }) => key),
      ),
    );
  }
  return lines.map(({ connectionId, object, key, targetId, before, after }): WriteLine => {
    const connection = connections.get(connectionId);
    const target = targets.get(targetId);
    const definition = definitions.get(target?.segmentation ?? '');
    const known = names.get(`${connectionId} ${object}`)?.get(key);
    return {
      connectionId,
      connection: connection?.name ?? connectionId,
      object,
      record: key,
      link: connection ? recordLink(connection, { object, id: key, kind: known?.kind ?? object }) : null,
      customer: known?.name ?? null,
      customerId: known?.subjectId ?? null,
      target: targetId,
      what: target ? targetName(target, definition) : targetId,
      before: valueWords(before, definition),
      after: valueWords(after, definition),
    };
  });
}

/** What a target is, in a word or a few. */
export const KIND_NAMES: Record<TargetRow['kind'], string> = {
  property: 'label',
  primary: 'primary segment',
  changed_at: 'date of the last change',
  why: 'reason',
  dynamic_list: 'list',
  manual_list: 'list',
  list_view: 'list view',
  campaign: 'campaign',
  file: 'file',
};

/** "RFM: label", "RFM: list Champions" */
export function targetName(
  target: Pick<TargetRow, 'kind' | 'segment' | 'segmentation'>,
  definition: Segmentation | undefined,
): string {
  const kind = KIND_NAMES[target.kind];
  if (target.segmentation === ALL_SEGMENTATIONS) return `Any segment set: ${kind}`;
  const segment = definition?.segments.find(({ key }) => key === target.segment)?.name ?? target.segment;
  return nameWithin(definition?.name ?? target.segmentation, segment === null ? kind : `${kind} ${segment}`);
}

/** Segments by their names, membership as Member; nothing for nothing. */
export function valueWords(value: unknown, definition: Segmentation | undefined): string[] {
  if (value === null || value === undefined || value === false) return [];
  if (value === true) return ['Member'];
  const list = Array.isArray(value) ? value.map(String) : [String(value)];
  return list.map((key) => definition?.segments.find((segment) => segment.key === key)?.name ?? key);
}
