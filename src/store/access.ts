import type { RecordRef } from './erasure.ts';
import { quoted } from './identifier.ts';
import type { Queryable } from './pool.ts';
import type { Tenant } from './tenant.ts';

type Row = Record<string, unknown>;

/** Rows as they are stored, by what they are: all that is held of these people and records, and of nobody else. */
export type OwnRows = {
  people: Row[];
  records: Row[];
  deals: Row[];
  scores: Row[];
  history: Row[];
  shown: Row[];
  written: Row[];
  refused: Row[];
  setByHand: Row[];
  tasks: Row[];
  merges: Row[];
};

/**
 * Reads what is held of some people.
 * @param columns attributes with a column, by owner; label columns are left out, as labels are told with their reasons
 */
export async function readOwnRows(
  db: Queryable,
  { schema }: Tenant,
  held: { people: readonly string[]; records: readonly RecordRef[] },
  columns: { person: readonly string[]; deal: readonly string[] },
): Promise<OwnRows> {
  const records = JSON.stringify(held.records.map(({ connectionId, id }) => ({ connectionId, id })));
  const given = `jsonb_to_recordset($1::jsonb) as g ("connectionId" text, id text)`;
  const byPeople = async (sql: string) => (await db.query<Row>(sql, [held.people])).rows;
  const byRecords = async (sql: string) => (await db.query<Row>(sql, [records])).rows;
  const list = (alias: string, keys: readonly string[]) =>
    keys.map((key) => `, ${alias}.${quoted(key)}`).join('');
  const ofRecord = (table: string, what: string, order: string) =>
    byRecords(
      `select t.connection_id as "connectionId", t.external_key as "recordId", ${what} from ${schema}.${table} t
       join ${given} on g."connectionId" = t.connection_id and g.id = t.external_key
       where t.object = 'contact' order by ${order}`,
    );
  return {
    people: await byPeople(
      `select p.id, p.company_id as "companyId", p.created_at as "storedSince"${list('p', columns.person)}
       from ${schema}.person p where p.id = any($1::bigint[]) order by p.id`,
    ),
    records: await byRecords(
      `select r.connection_id as "connectionId", c.system, r.id, r.kind, r.state, r.properties as attributes,
         r.invalid as unreadable, r.cross_ids as "otherIds", r.source_created_at as "createdInCrm",
         r.source_updated_at as "changedInCrm", r.seen_at as "lastRead"
       from ${schema}.contact_record r join ${given} on g."connectionId" = r.connection_id and g.id = r.id
       left join app.connection c on c.id = r.connection_id order by 1, 3`,
    ),
    deals: await byPeople(
      `select d.id, d.connection_id as "connectionId", d.record_id as "recordId",
         d.person_id = any($1::bigint[]) as "credited", d.revenue, d.counts as "countsAsRevenue"${list('d', columns.deal)}
       from ${schema}.deal d
       where d.person_id = any($1::bigint[])
         or d.id in (select deal_id from ${schema}.deal_person where person_id = any($1::bigint[]))
       order by d.id`,
    ),
    scores: await byPeople(
      `select key, value, at from ${schema}.score
       where subject = 'person' and subject_id = any($1::bigint[]) order by key`,
    ),
    history: await byPeople(
      `select at, segmentation, entered, gone as "left", cause from ${schema}.label_change
       where subject = 'person' and subject_id = any($1::bigint[]) order by at, segmentation`,
    ),
    shown: await ofRecord('ledger', 't.shown as labels, t.updated_at as "since"', '1, 2'),
    written: await ofRecord(
      'push_log',
      't.at, t.target_id as "targetId", t.before, t.after, t.cause, t.undone_at as "undoneAt"',
      't.at, t.target_id',
    ),
    refused: await ofRecord(
      'refusal',
      't.target_id as "targetId", t.code, t.message, t.value, t.last_at as "at"',
      '1, 2',
    ),
    setByHand: await ofRecord(
      'pin',
      't.target_id as "targetId", t.value, t.by, t.until, t.seen_at as "seenAt"',
      '1, 2',
    ),
    tasks: await byPeople(
      `select segmentation, segment, entered_on::text as "enteredOn", connection_id as "connectionId",
         record_id as "recordId", owner, state, remote_id as "remoteId" from ${schema}.play_task
       where subject = 'person' and subject_id = any($1::bigint[]) order by created_at, id`,
    ),
    merges: await byPeople(
      `select at, reason from ${schema}.merge
       where subject = 'person' and survivor_id = any($1::bigint[]) order by at`,
    ),
  };
}
