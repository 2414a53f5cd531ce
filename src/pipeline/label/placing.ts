import { noteDirtySubjects } from '../../store/dirty.ts';
import type { UnifyScene } from '../unify/unify-records.ts';

type RecordName = { connection_id: string; id: string };

/** Links of contacts and companies that name a company, best first; `a` is the record with its link, `c` its company. */
const BEST_LINK = `a.is_primary desc, rank.place, a.source_created_at nulls last, length(a.id), a.id,
  c.source_created_at nulls last, length(c.id), c.id`;

/** The order of connections, as a table that statements join. */
function ranks(scene: UnifyScene): string {
  return JSON.stringify(scene.connections.map(({ id }, place) => ({ connection_id: id, place })));
}

/**
 * CTEs: live records of the subjects $1 with their links to companies (`own_link`), and those live company records (`linked`). Tables
 * are read by arrays of ids, which needs no statistics; the embedded database has none in a first load.
 */
function linksOf(schema: string, object: 'contact' | 'company'): string {
  const subject = object === 'contact' ? 'person_id' : 'company_id';
  return `own as materialized (
      select connection_id, id, ${subject}, source_created_at from ${schema}.${object}_record
      where ${subject} = any($1::bigint[]) and state = 'live'
    ),
    link as materialized (
      select connection_id, from_id, to_id, is_primary from ${schema}.association
      where connection_id = any(array(select distinct connection_id from own)) and from_object = '${object}'
        and from_id = any(array(select id from own)) and to_object = 'company'
    ),
    -- joined first: records of one connection with all companies of it would be millions of pairs
    own_link as materialized (
      select own.connection_id, own.id, own.${subject} as subject_id, own.source_created_at, link.to_id, link.is_primary
      from own join link on link.connection_id = own.connection_id and link.from_id = own.id
    ),
    linked as materialized (
      select connection_id, id, company_id, source_created_at from ${schema}.company_record
      where connection_id = any(array(select distinct connection_id from link))
        and id = any(array(select distinct to_id from link)) and state = 'live'
    )`;
}

const LINKED = `
         from own_link a
         join jsonb_to_recordset($2::jsonb) as rank (connection_id text, place int)
           on rank.connection_id = a.connection_id
         join linked c on c.connection_id = a.connection_id and c.id = a.to_id and c.company_id is not null`;

/** Marks the records that hang on these as touched, because their subject is another one now. */
export async function touchLinked(
  scene: UnifyScene,
  object: 'contact' | 'company',
  records: RecordName[],
): Promise<void> {
  if (records.length === 0) return;
  const s = scene.tenant.schema;
  const connections = [...new Set(records.map((record) => record.connection_id))];
  const from = object === 'contact' ? (['deal'] as const) : (['company', 'contact', 'deal'] as const);
  for (const linked of from) {
    // An id that another connection has as well is looked at for nothing; that does no harm.
    await scene.db.query(
      `update ${s}.${linked}_record set touched = true
       where connection_id = any($1::text[]) and state = 'live' and not touched
         and id = any(array(select from_id from ${s}.association where connection_id = any($1::text[])
                            and to_object = $3 and to_id = any($2::text[]) and from_object = $4))`,
      [connections, records.map((record) => record.id), object, linked],
    );
  }
}

/**
 * Gives persons their company: the primary one of their best connection's record, else the earliest. Deals that are
 * credited to a person whose company changed may hang on it, so they are looked at again.
 */
export async function placePersons(scene: UnifyScene, ids: string[]): Promise<void> {
  if (ids.length === 0) return;
  const s = scene.tenant.schema;
  const { rows } = await scene.db.query<{ id: string; old: string | null; new: string | null }>(
    `with ${linksOf(s, 'contact')},
     wanted as materialized (
       select p.id, p.company_id as old, best.company_id as new
       from ${s}.person p
       left join (
         select distinct on (a.subject_id) a.subject_id, c.company_id ${LINKED}
         order by a.subject_id, ${BEST_LINK}
       ) best on best.subject_id = p.id
       where p.id = any($1::bigint[]) and p.company_id is distinct from best.company_id
     ),
     written as (
       update ${s}.person p set company_id = w.new from wanted w where p.id = w.id and p.id = any($1::bigint[])
     )
     select id, old, new from wanted`,
    [ids, ranks(scene)],
  );
  if (rows.length === 0) return;
  const companies = rows.flatMap((row) => [row.old ?? [], row.new ?? []].flat());
  await noteDirtySubjects(scene.db, scene.tenant, 'profile', 'company', companies);
  await noteDirtySubjects(
    scene.db,
    scene.tenant,
    'label',
    'person',
    rows.map((row) => row.id),
  );
  await scene.db.query(
    `update ${s}.deal_record set touched = true
     where deal_id = any(array(select id from ${s}.deal where person_id = any($1::bigint[])))
       and state = 'live' and not touched`,
    [rows.map((row) => row.id)],
  );
}

/** Gives companies their parent, never themselves. Old and new parents add up anew. */
export async function placeCompanies(scene: UnifyScene, ids: string[]): Promise<void> {
  if (ids.length === 0) return;
  const s = scene.tenant.schema;
  const { rows } = await scene.db.query<{ old: string | null; new: string | null }>(
    `with ${linksOf(s, 'company')},
     wanted as materialized (
       select p.id, p.parent_id as old, best.company_id as new
       from ${s}.company p
       left join (
         select distinct on (a.subject_id) a.subject_id, c.company_id ${LINKED}
         where c.company_id <> a.subject_id
         order by a.subject_id, ${BEST_LINK}
       ) best on best.subject_id = p.id
       where p.id = any($1::bigint[]) and p.parent_id is distinct from best.company_id
     ),
     written as (
       update ${s}.company p set parent_id = w.new from wanted w where p.id = w.id and p.id = any($1::bigint[])
     )
     select old, new from wanted`,
    [ids, ranks(scene)],
  );
  const parents = rows.flatMap((row) => [row.old ?? [], row.new ?? []].flat());
  await noteDirtySubjects(scene.db, scene.tenant, 'profile', 'company', parents);
}
