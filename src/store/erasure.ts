import type { Queryable } from './pool.ts';
import type { Tenant } from './tenant.ts';

/** A contact record, by where it is from. */
export type RecordRef = { connectionId: string; id: string };

/** Everything under which a store holds one human, or several that share an address. */
export type Held = {
  people: string[];
  /** `emails`: all addresses of a record, the first one first. */
  records: (RecordRef & { kind: string; emails: string[]; mode: 'production' | 'test' })[];
  /** Companies whose totals count these people. */
  companies: string[];
  /** Deals that they are credited with or take part in. */
  deals: string[];
};

/** Whom to look for; any of them. */
export type Who = {
  email?: string | undefined;
  personId?: string | undefined;
  record?: RecordRef | undefined;
};

/** Lets the writers of the tenant end their present transaction, and none begin another before this one ends. */
export async function stopWriters(client: Queryable, { id, schema }: Tenant): Promise<void> {
  await client.query(
    `insert into ${schema}.lease (name, holder, fence, expires_at)
     select name, '', 0, '-infinity' from (
       select unnest(array['pull', 'subjects']) as name
       union select 'push ' || id from app.connection where tenant_id = $1) l
     order by name on conflict do nothing`,
    [id],
  );
  await client.query(
    `select from ${schema}.lease where name in ('pull', 'subjects') or name like 'push %'
     order by name for update`,
  );
}

/** Is $2 one of a record's addresses? */
const HOLDS_EMAIL = `(email = $2 or (other_emails && array[$2::text] and other_emails <> '{}'))`;

/** The people and records meant: all records of a person, and what was merged into them in the CRM. */
export async function findHeld(client: Queryable, { schema }: Tenant, who: Who): Promise<Held> {
  const { rows: people } = await client.query<{ id: string }>(
    `select id from ${schema}.person where id = $1::bigint
     union select person_id from ${schema}.contact_record
       where ${HOLDS_EMAIL} and state = 'live' and person_id is not null
     union select person_id from ${schema}.contact_record
       where connection_id = $3 and id = $4 and person_id is not null`,
    [who.personId ?? null, who.email ?? null, who.record?.connectionId ?? null, who.record?.id ?? null],
  );
  const ids = people.map(({ id }) => id);
  const { rows: records } = await client.query<Held['records'][number]>(
    `with recursive own as (
       select connection_id, id from ${schema}.contact_record where person_id = any($1::bigint[])
       union select connection_id, id from ${schema}.contact_record where ${HOLDS_EMAIL} and state = 'live'
       union select connection_id, id from ${schema}.contact_record
         where (unified_as = $2 or $2 = any(unified_as_others)) and touched
       union select connection_id, id from ${schema}.contact_record where connection_id = $3 and id = $4
     ), all_records as (
       select * from own
       union select r.connection_id, r.id from all_records a
         join ${schema}.contact_record r on r.connection_id = a.connection_id and r.merged_into = a.id
     )
     select r.connection_id as "connectionId", r.id, r.kind,
       array_remove(coalesce(r.email, r.unified_as)
         || case when r.state = 'live' then r.other_emails else r.unified_as_others end, null) as emails,
       coalesce(c.mode, 'production') as mode
     from all_records a
     join ${schema}.contact_record r on r.connection_id = a.connection_id and r.id = a.id
     left join app.connection c on c.id = r.connection_id
     order by 1, 2`,
    [ids, who.email ?? null, who.record?.connectionId ?? null, who.record?.id ?? null],
  );
  const { rows: companies } = await client.query<{ id: string }>(
    `select distinct company_id as id from ${schema}.person where id = any($1::bigint[]) and company_id is not null`,
    [ids],
  );
  const { rows: deals } = await client.query<{ id: string }>(
    `select id from ${schema}.deal where person_id = any($1::bigint[])
     union select deal_id from ${schema}.deal_person where person_id = any($1::bigint[]) order by 1`,
    [ids],
  );
  const idsOf = (rows: { id: string }[]) => rows.map(({ id }) => id);
  return { people: ids, records, companies: idsOf(companies), deals: idsOf(deals) };
}

/** Which of these e-mails other people's live records hold, too. */
export async function sharedEmails(client: Queryable, { schema }: Tenant, held: Held): Promise<Set<string>> {
  const { rows } = await client.query<{ email: string }>(
    `select distinct given.email from unnest($1::text[]) as given (email)
     join ${schema}.contact_record r on r.email = given.email
       or (r.other_emails && array[given.email] and r.other_emails <> '{}')
     where r.state = 'live' and not exists (
       select from jsonb_to_recordset($2::jsonb) as t ("connectionId" text, id text)
       where t."connectionId" = r.connection_id and t.id = r.id)`,
    [held.records.flatMap(({ emails }) => emails), toJson(held.records)],
  );
  return new Set(rows.map(({ email }) => email));
}

const toJson = (records: readonly RecordRef[]): string =>
  JSON.stringify(records.map(({ connectionId, id }) => ({ connectionId, id })));

/** What of these records a CRM still shows by our last word, by target. */
export async function listShown(
  client: Queryable,
  { schema }: Tenant,
  records: readonly RecordRef[],
): Promise<{ connectionId: string; targetId: string; state: 'held' | 'live' | 'paused'; records: number }[]> {
  const { rows } = await client.query<{
    connectionId: string;
    targetId: string;
    state: 'held' | 'live' | 'paused';
    records: number;
  }>(
    `select l.connection_id as "connectionId", t.id as "targetId", t.state, count(*)::int as records
     from jsonb_to_recordset($1::jsonb) as g ("connectionId" text, id text)
     join ${schema}.ledger l
       on l.connection_id = g."connectionId" and l.object = 'contact' and l.external_key = g.id
     join ${schema}.target t on l.shown ? t.id or t.id = any(l.unconfirmed)
     group by 1, 2, 3 order by 1, 2`,
    [toJson(records)],
  );
  return rows;
}

/** What goes, each with the rows that belong to the records ($1) or the people ($2). */
const OF_RECORDS = `(connection_id, KEY) in (select "connectionId", id from jsonb_to_recordset($1::jsonb)
  as g ("connectionId" text, id text))`;
const recordsBy = (key: string) => OF_RECORDS.replace('KEY', key);

const STEPS: { table: string; where: (schema: string) => string; by: 'records' | 'people' }[] = [
  { table: 'association', by: 'records', where: () => `from_object = 'contact' and ${recordsBy('from_id')}` },
  { table: 'association', by: 'records', where: () => `to_object = 'contact' and ${recordsBy('to_id')}` },
  { table: 'dirty_record', by: 'records', where: () => `object = 'contact' and ${recordsBy('id')}` },
  { table: 'split', by: 'records', where: () => `subject = 'person' and ${recordsBy('record_id')}` },
  ...['refusal', 'pin', 'sighting', 'push_log'].map((table) => ({
    table,
    by: 'records' as const,
    where: () => `object = 'contact' and ${recordsBy('external_key')}`,
  })),
  { table: 'contact_record', by: 'records', where: () => recordsBy('id') },
  { table: 'deal_person', by: 'people', where: () => 'person_id = any($1::bigint[])' },
  ...['score', 'label_change'].map((table) => ({
    table,
    by: 'people' as const,
    where: () => `subject = 'person' and subject_id = any($1::bigint[])`,
  })),
  {
    table: 'merge',
    by: 'people',
    where: () =>
      `subject = 'person' and (survivor_id = any($1::bigint[]) or absorbed_id = any($1::bigint[]))`,
  },
  {
    table: 'experiment_member',
    by: 'people',
    where: (schema) =>
      `subject_id = any($1::bigint[])
       and experiment in (
         select e.key from ${schema}.experiment e
         join ${schema}.segmentation s on s.key = e.segmentation
         where s.definition ->> 'subject' = 'person')`,
  },
  {
    table: 'play_task',
    by: 'people',
    where: () => `subject = 'person' and subject_id = any($1::bigint[])`,
  },
  { table: 'dirty_subject', by: 'people', where: () => `subject = 'person' and id = any($1::bigint[])` },
  { table: 'person', by: 'people', where: () => 'id = any($1::bigint[])' },
];

/**
 * Removes all rows of these people and records. Their deals stay, with nobody, and are credited anew. Of the ledger
 * only the keys stay under which a CRM still shows labels of ours: the next push clears them there and forgets them.
 * @returns rows removed, by table
 */
export async function removeHeld(
  client: Queryable,
  { schema }: Tenant,
  held: Held,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const note = (table: string, rows: number): void => {
    if (rows > 0) counts[table] = (counts[table] ?? 0) + rows;
  };
  const records = toJson(held.records);
  const ledger = `${schema}.ledger l`;
  const ofLedger = `l.object = 'contact' and ${recordsBy('external_key').replace('connection_id', 'l.connection_id').replace('external_key', 'l.external_key')}`;
  await client.query(
    `update ${ledger} set previous = '{}', kind = r.kind from ${schema}.contact_record r
     where r.connection_id = l.connection_id and r.id = l.external_key and ${ofLedger}`,
    [records],
  );
  // A push that read these records before may still mark them as sent: its marks have to meet rows of ours.
  const { rowCount: forgotten } = await client.query(
    `delete from ${ledger} where l.shown = '{}' and l.unconfirmed = '{}' and ${ofLedger}
       and not exists (select from ${schema}.lease where name like 'push %' and expires_at > clock_timestamp())`,
    [records],
  );
  note('ledger', forgotten);
  await client.query(
    `update ${schema}.push_job j set batch = jsonb_set(batch, '{pieces}', coalesce((
       select jsonb_agg(p) from jsonb_array_elements(batch -> 'pieces') p
       where (j.connection_id, p -> 'write' ->> 'id') not in (
         select "connectionId", id from jsonb_to_recordset($1::jsonb) as g ("connectionId" text, id text))), '[]'))
     where batch ->> 'object' = 'contact'`,
    [records],
  );
  await client.query(`update ${schema}.deal set person_id = null where person_id = any($1::bigint[])`, [
    held.people,
  ]);
  for (const { table, where, by } of STEPS) {
    const { rowCount } = await client.query(`delete from ${schema}.${table} where ${where(schema)}`, [
      by === 'records' ? records : held.people,
    ]);
    note(table, rowCount);
  }
  // Who gets them now, and what the companies come to, is for unify and profile to say.
  await client.query(
    `update ${schema}.deal_record set touched = true where deal_id = any($1::bigint[]) and not touched`,
    [held.deals],
  );
  await client.query(
    `insert into ${schema}.dirty_subject (stage, subject, id)
     select stage, 'company', id from unnest($1::bigint[]) as c (id)
     cross join unnest(array['profile', 'label']) as s (stage) on conflict do nothing`,
    [held.companies],
  );
  return counts;
}

/** Ends the links to contacts that came before their contacts did. */
export async function dropLinksTo(
  client: Queryable,
  { schema }: Tenant,
  connectionId: string,
  contacts: readonly string[],
): Promise<void> {
  if (contacts.length === 0) return;
  await client.query(
    `delete from ${schema}.association
     where connection_id = $1 and to_object = 'contact' and to_id = any($2::text[])`,
    [connectionId, contacts],
  );
}

/** Says of every model of people that it was learned with somebody who was erased since. */
export async function markModels(
  client: Queryable,
  { schema }: Tenant,
  people: number,
): Promise<{ segmentation: string; version: number }[]> {
  if (people === 0) return [];
  const { rows } = await client.query<{ segmentation: string; version: number }>(
    `update ${schema}.model m
     set summary = summary || jsonb_build_object('erasedSince', coalesce((summary ->> 'erasedSince')::int, 0) + $1::int)
     from ${schema}.segmentation s
     where s.key = m.segmentation and s.version = m.definition_version and s.definition ->> 'subject' = 'person'
     returning m.segmentation, m.version`,
    [people],
  );
  return rows;
}

/** Keys of segmentations, of any version, in whose definition one of these texts stands. */
export async function definitionsNaming(
  client: Queryable,
  { schema }: Tenant,
  texts: readonly string[],
): Promise<string[]> {
  const { rows } = await client.query<{ key: string }>(
    `select distinct key from ${schema}.segmentation s
     where exists (select from unnest($1::text[]) t (text) where strpos(lower(s.definition::text), t.text) > 0)
     order by key`,
    [texts],
  );
  return rows.map(({ key }) => key);
}

/** Contact records held now, with their addresses, page by page: for looking whether a suppressed one is among them. */
export async function readIdentities(
  client: Queryable,
  { schema }: Tenant,
  after: RecordRef | null,
  limit: number,
): Promise<(RecordRef & { emails: string[] })[]> {
  const { rows } = await client.query<RecordRef & { emails: string[] }>(
    `select connection_id as "connectionId", id, array_remove(email || other_emails, null) as emails
     from ${schema}.contact_record
     where $1::text is null or (connection_id, id) > ($1, $2) order by connection_id, id limit $3`,
    [after?.connectionId ?? null, after?.id ?? null, limit],
  );
  return rows;
}

/** By segmentation: people erased since its newest model was learned; none left out. */
export async function countErased(client: Queryable, { schema }: Tenant): Promise<Map<string, number>> {
  const { rows } = await client.query<{ segmentation: string; erased: number }>(
    `select segmentation, (summary ->> 'erasedSince')::int as erased from (
       select distinct on (segmentation) segmentation, summary from ${schema}.model
       order by segmentation, version desc) newest
     where summary ? 'erasedSince'`,
  );
  return new Map(rows.map(({ segmentation, erased }) => [segmentation, erased]));
}
