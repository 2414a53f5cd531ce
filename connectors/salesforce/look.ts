import { z } from 'zod';
import type { ObjectType } from '../../src/model/record.ts';
import type { Context, Heard, HeardEvent, Json } from '../contract.ts';
import type { SalesforceConfig } from './config.ts';
import { isUnknownObject } from './dialect.ts';
import { OVERLAP_MS } from './pull-changed.ts';
import { instant, isoOf, type QueryPage, query } from './soql.ts';

/** Whose rows tell of changes, and in which field they name the record. */
const SOURCES: Record<string, { object: ObjectType; field: string }> = {
  Contact: { object: 'contact', field: 'Id' },
  Lead: { object: 'contact', field: 'Id' },
  Account: { object: 'company', field: 'Id' },
  Opportunity: { object: 'deal', field: 'Id' },
  OpportunityContactRole: { object: 'deal', field: 'OpportunityId' },
};

/** Of one look: one an object. */
export const LOOK_CALLS = Object.keys(SOURCES).length;

/** More than these at once, and all changes are read in their order instead. */
const MOST_ROWS = 500;

const Position = z.object({
  /** Where the next look begins, by object: a while before the last change, for transactions that end late. */
  since: z.record(z.string(), z.number()),
  /** The change time of each row since then that was seen, by id. */
  seen: z.record(z.string(), z.string()),
});
type Position = z.infer<typeof Position>;

/**
 * Which records changed since the last look, in one small query an object; what was told before is not told again.
 * The first look only finds out where things stand.
 *
 * What we wrote ourselves is told of, too, and read once more. A row says only who changed it last: where somebody
 * changes a record and we write its label before the next look, it bears our name and our time, and leaving it out
 * would lose their change. Nor is our name ours alone, as an admin who connected the org edits under the same. To know
 * that nothing else is different, the record has to be read, which is what being told of it leads to; it ends there,
 * as labels that are the same are not written.
 */
export async function lookAtSalesforce(
  context: Context<SalesforceConfig>,
  { position }: { position: Json },
): Promise<Heard> {
  const before = position === null ? null : Position.parse(position);
  const next: Position = { since: {}, seen: {} };
  const heard: Heard = { events: [], position: next, missed: before === null, allowed: [] };
  for (const [source, { object, field }] of Object.entries(SOURCES)) {
    const since = before?.since[source] ?? context.asOf.getTime() - OVERLAP_MS;
    const page = await newest(context, source, field, since);
    const rows = (page?.rows ?? []).map((row) => ({
      id: String(row('Id')),
      at: isoOf(row('SystemModstamp')) ?? '',
      record: row(field),
    }));
    const isNews = ({ id, at }: { id: string; at: string }) => before?.seen[id] !== at;
    const oldest = rows.at(-1);
    if (rows.length === MOST_ROWS && oldest !== undefined && isNews(oldest)) heard.missed = true;
    const latest = rows[0] === undefined ? since : Date.parse(rows[0].at) - OVERLAP_MS;
    const from = Math.max(since, latest);
    next.since[source] = from;
    for (const { id, at } of rows) if (Date.parse(at) >= from) next.seen[id] = at;
    if (before === null) continue;
    const ids = rows.filter(isNews).flatMap(({ record }) => (typeof record === 'string' ? [record] : []));
    const event: HeardEvent = { object, ids: [...new Set(ids)], what: 'changed', property: null };
    if (event.ids.length > 0) heard.events.push(event);
  }
  return heard;
}

/** The rows changed last, the newest first; null where the org has no such object, or hides it from us. */
async function newest(
  context: Context<SalesforceConfig>,
  source: string,
  field: string,
  since: number,
): Promise<QueryPage | null> {
  const columns = [...new Set(['Id', 'SystemModstamp', field])].join(', ');
  const soql = `SELECT ${columns} FROM ${source} WHERE SystemModstamp >= ${instant(since)} ORDER BY SystemModstamp DESC, Id LIMIT ${MOST_ROWS}`;
  try {
    // A role that was taken away is a change of its deal.
    return await query(context, soql, { withDeleted: field !== 'Id' });
  } catch (error) {
    if (!isUnknownObject(error)) throw error;
    return null;
  }
}
