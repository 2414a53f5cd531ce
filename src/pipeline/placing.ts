import { noteDirtySubjects } from '../store/dirty.ts';
import type { UnifyScene } from './unify-records.ts';

type RecordName = { connection_id: string; id: string };

/** Links of contacts and companies that name a company, best first; `r` is the record that links, `c` its company. */
const BEST_LINK = `a.is_primary desc, rank.place, r.source_created_at nulls last, length(r.id), r.id,
  c.source_created_at nulls last, length(c.id), c.id`;

/** The order of connections, as a table that statements join. */
function ranks(scene: UnifyScene): string {
  return JSON.stringify(scene.connections.map(({ id }, place) => ({ connection_id: id, place })));
}

/** Marks the records that hang on these as touched, because their subject is another one now. */
export async function touchLinked(
  scene: UnifyScene,
  object: 'contact' | 'company',
  records: RecordName[],
): Promise<void> {
  if (records.length === 0) return;
  const s = scene.tenant.schema;
  const from = object === 'contact' ? (['deal'] as const) : (['company', 'contact', 'deal'] as const);
  for (const linked of from) {
    await scene.db.query(
      `update ${s}.${linked}_record d set touched = true
       from jsonb_to_recordset($1::jsonb) as t (connection_id text, id text)
       join ${s}.association a on a.connection_id = t.connection_id and a.to_object = $2 and a.to_id = t.id
         and a.from_object = $3
       where d.connection_id = a.connection_id and d.id = a.from_id and d.state = 'live' and not d.touched`,
      [JSON.stringify(records), object, linked],
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
    `with wanted as materialized (
       select p.id, p.company_id as old, best.company_id as new
       from unnest($1::bigint[]) t (id)
       join ${s}.person p on p.id = t.id
       left join (
         select distinct on (r.person_id) r.person_id, c.company_id
         from ${s}.contact_record r
         join jsonb_to_recordset($2::jsonb) as rank (connection_id text, place int)
           on rank.connection_id = r.connection_id
         join ${s}.association a on a.connection_id = r.connection_id and a.from_object = 'contact'
           and a.from_id = r.id and a.to_object = 'company'
         join ${s}.company_record c on c.connection_id = a.connection_id and c.id = a.to_id
         where r.person_id = any($1::bigint[]) and r.state = 'live' and c.state = 'live'
           and c.company_id is not null
         order by r.person_id, ${BEST_LINK}
       ) best on best.person_id = p.id
       where p.company_id is distinct from best.company_id
     ),
     written as (
       update ${s}.person p set company_id = w.new from wanted w where p.id = w.id
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
    `update ${s}.deal_record r set touched = true from ${s}.deal d
     where d.person_id = any($1::bigint[]) and r.deal_id = d.id and r.state = 'live' and not r.touched`,
    [rows.map((row) => row.id)],
  );
}

/** Gives companies their parent, never themselves. Old and new parents add up anew. */
export async function placeCompanies(scene: UnifyScene, ids: string[]): Promise<void> {
  if (ids.length === 0) return;
  const s = scene.tenant.schema;
  const { rows } = await scene.db.query<{ old: string | null; new: string | null }>(
    `with wanted as materialized (
       select p.id, p.parent_id as old, best.company_id as new
       from unnest($1::bigint[]) t (id)
       join ${s}.company p on p.id = t.id
       left join (
         select distinct on (r.company_id) r.company_id as child_id, c.company_id
         from ${s}.company_record r
         join jsonb_to_recordset($2::jsonb) as rank (connection_id text, place int)
           on rank.connection_id = r.connection_id
         join ${s}.association a on a.connection_id = r.connection_id and a.from_object = 'company'
           and a.from_id = r.id and a.to_object = 'company'
         join ${s}.company_record c on c.connection_id = a.connection_id and c.id = a.to_id
         where r.company_id = any($1::bigint[]) and r.state = 'live' and c.state = 'live'
           and c.company_id is not null and c.company_id <> r.company_id
         order by r.company_id, ${BEST_LINK}
       ) best on best.child_id = p.id
       where p.parent_id is distinct from best.company_id
     ),
     written as (
       update ${s}.company p set parent_id = w.new from wanted w where p.id = w.id
     )
     select old, new from wanted`,
    [ids, ranks(scene)],
  );
  const parents = rows.flatMap((row) => [row.old ?? [], row.new ?? []].flat());
  await noteDirtySubjects(scene.db, scene.tenant, 'profile', 'company', parents);
}
