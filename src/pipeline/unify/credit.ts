import { noteDirtySubjects } from '../../store/dirty.ts';
import type { UnifyScene } from './unify-records.ts';

export type CountedDeal = { deal_id: string; connection_id: string; record_id: string };

/** Which of several linked records comes first, after the primary one: the oldest in the CRM, then the lowest id. */
const EARLIEST = 'a.is_primary desc, r.source_created_at nulls last, length(r.id), r.id';

/**
 * Credits deals. To a person: the primary contact role, else the earliest-created contact (then the lowest id),
 * else nobody. To a company: likewise, else the credited person's company, else none. Everybody linked is involved.
 * Subjects that gain or lose a deal are noted for profile, and for label where a condition may look at deals.
 */
export async function creditDeals(scene: UnifyScene, deals: CountedDeal[]): Promise<void> {
  if (deals.length === 0) return;
  const s = scene.tenant.schema;
  const { rows } = await scene.db.query<{ people: string[] | null; companies: string[] | null }>(
    `with batch as materialized (
       select * from jsonb_to_recordset($1::jsonb) as t (deal_id bigint, connection_id text, record_id text)
     ),
     links as materialized (
       select b.deal_id, a.connection_id, a.to_object, a.to_id, a.is_primary, a.role
       from ${s}.association a
       join batch b on b.connection_id = a.connection_id and b.record_id = a.from_id
       where a.connection_id = any($2::text[]) and a.from_object = 'deal' and a.from_id = any($3::text[])
     ),
     -- "is not null" is asked later: statistics from before unify say that all are, and mislead to its index
     reached_contacts as materialized (
       select connection_id, id, person_id, state, source_created_at from ${s}.contact_record
       where connection_id = any($2::text[])
         and id = any(array(select to_id from links where to_object = 'contact'))
     ),
     reached_companies as materialized (
       select connection_id, id, company_id, state, source_created_at from ${s}.company_record
       where connection_id = any($2::text[])
         and id = any(array(select to_id from links where to_object = 'company'))
     ),
     contacts as materialized (
       select a.deal_id, r.person_id, a.is_primary, a.role,
         row_number() over (partition by a.deal_id order by ${EARLIEST}) as place
       from links a
       join reached_contacts r on r.connection_id = a.connection_id and r.id = a.to_id
       where a.to_object = 'contact' and r.state = 'live' and r.person_id is not null
     ),
     companies as materialized (
       select a.deal_id, r.company_id, row_number() over (partition by a.deal_id order by ${EARLIEST}) as place
       from links a
       join reached_companies r on r.connection_id = a.connection_id and r.id = a.to_id
       where a.to_object = 'company' and r.state = 'live' and r.company_id is not null
     ),
     wanted as materialized (
       select d.id, d.person_id as old_person, d.company_id as old_company,
         c.person_id, coalesce(k.company_id, p.company_id) as company_id
       from ${s}.deal d
       left join (select * from contacts where place = 1) c on c.deal_id = d.id
       left join (select * from companies where place = 1) k on k.deal_id = d.id
       left join (
         select id, company_id from ${s}.person where id = any(array(select person_id from contacts))
       ) p on p.id = c.person_id
       where d.id = any($4::bigint[])
     ),
     credited as (
       update ${s}.deal d set person_id = w.person_id, company_id = w.company_id from wanted w
       where d.id = w.id and d.id = any($4::bigint[]) and (d.person_id, d.company_id) is distinct from (w.person_id, w.company_id)
     ),
     involved as materialized (
       select deal_id, person_id, string_agg(distinct role, ';' order by role) as role, bool_or(is_primary) as is_primary from contacts group by 1, 2
     ),
     was_involved as materialized (
       select * from ${s}.deal_person where deal_id = any($4::bigint[])
     ),
     gone as (
       delete from ${s}.deal_person
       where deal_id = any($4::bigint[]) and (deal_id, person_id) not in (select deal_id, person_id from involved)
     ),
     come as (
       insert into ${s}.deal_person as i (deal_id, person_id, role, is_primary)
       select n.deal_id, n.person_id, n.role, n.is_primary from involved n
       left join was_involved w using (deal_id, person_id)
       where w.deal_id is null or (w.role, w.is_primary) is distinct from (n.role, n.is_primary)
       on conflict (deal_id, person_id) do update set role = excluded.role, is_primary = excluded.is_primary
     )
     select
       (select array_agg(distinct id) from (
          select old_person from wanted union select person_id from wanted
          union select person_id from was_involved union select person_id from involved) x (id)
        where id is not null) as people,
       (select array_agg(distinct id) from (
          select old_company from wanted union select company_id from wanted) x (id)
        where id is not null) as companies`,
    [
      JSON.stringify(deals),
      [...new Set(deals.map((deal) => deal.connection_id))],
      deals.map((deal) => deal.record_id),
      deals.map((deal) => deal.deal_id),
    ],
  );
  await noteBeneficiaries(scene, rows[0]?.people ?? [], rows[0]?.companies ?? []);
}

/** Removes deals whose last record is gone; those who had them add up anew. */
export async function removeDeals(scene: UnifyScene, ids: string[]): Promise<void> {
  if (ids.length === 0) return;
  const s = scene.tenant.schema;
  const { rows } = await scene.db.query<{ people: string[] | null; companies: string[] | null }>(
    `with removed as (delete from ${s}.deal where id = any($1::bigint[]) returning person_id, company_id),
     involved as (delete from ${s}.deal_person where deal_id = any($1::bigint[]) returning person_id)
     select
       (select array_agg(distinct person_id) from (
          select person_id from removed union select person_id from involved) x where person_id is not null) as people,
       (select array_agg(distinct company_id) from removed where company_id is not null) as companies`,
    [ids],
  );
  await scene.db.query(`delete from ${s}.dirty_subject where subject = 'deal' and id = any($1::bigint[])`, [
    ids,
  ]);
  await noteBeneficiaries(scene, rows[0]?.people ?? [], rows[0]?.companies ?? []);
}

async function noteBeneficiaries(scene: UnifyScene, people: string[], companies: string[]): Promise<void> {
  const { db, tenant } = scene;
  for (const stage of ['profile', 'label'] as const) {
    await noteDirtySubjects(db, tenant, stage, 'person', people);
    await noteDirtySubjects(db, tenant, stage, 'company', companies);
  }
}
