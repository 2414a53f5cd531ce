import { Policy } from '../../model/policy.ts';
import type { ObjectType } from '../../model/record.ts';
import {
  ofPurchaseDays,
  type PurchaseColumn,
  purchaseColumns,
  purchaseDays,
  storedPurchases,
} from '../../segmentation/purchase-days.ts';
import { noteDirtySubjects } from '../../store/dirty.ts';
import type { PoolClient } from '../../store/pool.ts';
import type { Profiling } from './profile.ts';
import { type Column, computedColumns, mappedColumns, writeColumns } from './profile-columns.ts';
import { dealColumns } from './profile-deals.ts';

/** One spelling for both CRMs: "Decision Maker" and "Decision maker" are decision_maker. */
const ROLE_KEY = `regexp_replace(lower(trim(r.name) collate "C"), '[[:space:]/-]+', '_', 'g') collate "C"`;

/** Persons: attributes from their contact records, totals of deals credited to them and of deals they are part of. */
export async function profilePersons(
  profiling: Profiling,
  client: PoolClient,
  ids: string[],
): Promise<number> {
  const { attributes, work } = profiling;
  const s = work.tenant.schema;
  const { columns, record } = mappedColumns(attributes, 'person');
  const computed = computedColumns(attributes, 'person', {
    ...totalsOf('credited'),
    involved_deal_count: 'coalesce(involved.deal_count, 0)',
    involved_revenue: 'coalesce(involved.revenue_total, 0)',
    deal_roles: 'roles.names',
  });
  const bought = purchases(profiling, 'person_id');
  const changed = await writeColumns(client, `${s}.person`, [...columns, ...computed, ...bought.columns], {
    with: `${mergedRecords(profiling, 'contact')},
       bought as materialized (${bought.sql}),
       credited as materialized (
         select d.person_id as id, ${totals(profiling)} from ${s}.deal d
         where d.person_id = any($1::bigint[]) group by 1
       ),
       part as materialized (
         select deal_id, person_id, role from ${s}.deal_person where person_id = any($1::bigint[])
       ),
       roles as materialized (
         select person_id as id, array_agg(distinct ${ROLE_KEY} order by ${ROLE_KEY}) as names
         from part cross join lateral string_to_table(part.role, ';') as r (name)
         where trim(r.name) <> '' group by 1
       ),
       involved as materialized (
         select i.person_id as id, ${totals(profiling)} from part i join ${s}.deal d on d.id = i.deal_id
         where d.id = any(array(select deal_id from part)) group by 1
       )`,
    id: 'p.id',
    from: `from (select id from ${s}.person where id = any($1::bigint[])) p
       left join merged on merged.id = p.id
       left join credited on credited.id = p.id
       left join involved on involved.id = p.id
       left join roles on roles.id = p.id
       left join bought on bought.id = p.id
       cross join lateral ${valuesOf(record)}`,
    values: valuesFor(profiling, 'contact', ids),
  });
  await noteDirtySubjects(client, work.tenant, 'label', 'person', changed);
  // Companies count the contacts that match something.
  await client.query(
    `insert into ${s}.dirty_subject (stage, subject, id)
     select distinct 'label', 'company', company_id from ${s}.person
     where id = any($1::bigint[]) and company_id is not null
     on conflict (stage, subject, id) do nothing`,
    [changed],
  );
  return changed.length;
}

/** Companies: attributes from their records, totals of their own deals, and those of all companies below them. */
export async function profileCompanies(
  profiling: Profiling,
  client: PoolClient,
  given: string[],
): Promise<number> {
  const { attributes, work } = profiling;
  const s = work.tenant.schema;
  const ids = await withAncestors(s, client, given);
  const { columns, record } = mappedColumns(attributes, 'company');
  const computed = computedColumns(attributes, 'company', {
    ...totalsOf('own'),
    rollup_deal_count: 'coalesce(below.deal_count, 0)',
    rollup_revenue: 'coalesce(below.revenue_total, 0)',
    contact_count: 'coalesce(people.contact_count, 0)',
  });
  const bought = purchases(profiling, 'company_id');
  const changed = await writeColumns(client, `${s}.company`, [...columns, ...computed, ...bought.columns], {
    with: `${mergedRecords(profiling, 'company')},
       bought as materialized (${bought.sql}),
       own as materialized (
         select d.company_id as id, ${totals(profiling)} from ${s}.deal d
         where d.company_id = any($1::bigint[]) group by 1
       ),
       tree as materialized (select * from jsonb_to_recordset($4::jsonb) as t (root bigint, id bigint)),
       below as materialized (
         select tree.root as id, ${totals(profiling)} from tree join ${s}.deal d on d.company_id = tree.id
         where d.company_id = any(array(select id from tree)) group by 1
       ),
       people as materialized (
         select company_id as id, count(*) as contact_count from ${s}.person
         where company_id = any($1::bigint[]) group by 1
       )`,
    id: 'p.id',
    from: `from (select id from ${s}.company where id = any($1::bigint[])) p
       left join merged on merged.id = p.id
       left join own on own.id = p.id
       left join below on below.id = p.id
       left join people on people.id = p.id
       left join bought on bought.id = p.id
       cross join lateral ${valuesOf(record)}`,
    values: [...valuesFor(profiling, 'company', ids), JSON.stringify(await treesOf(s, client, ids))],
  });
  await noteDirtySubjects(client, work.tenant, 'label', 'company', changed);
  // Segments of persons may look at their company.
  await client.query(
    `insert into ${s}.dirty_subject (stage, subject, id)
     select 'label', 'person', id from ${s}.person where company_id = any($1::bigint[])
     on conflict (stage, subject, id) do nothing`,
    [changed],
  );
  return changed.length;
}

/** The companies and all above them. One query a level; most companies have no parent. */
async function withAncestors(schema: string, client: PoolClient, ids: string[]): Promise<string[]> {
  const all = new Set(ids);
  for (let level = ids; level.length > 0; ) {
    const { rows } = await client.query<{ id: string }>(
      `select distinct parent_id as id from ${schema}.company where id = any($1::bigint[]) and parent_id is not null`,
      [level],
    );
    level = rows.map((row) => row.id).filter((id) => !all.has(id));
    for (const id of level) all.add(id);
  }
  return [...all];
}

/** Each company with itself and every company below it; a ring of parents ends where it began. */
async function treesOf(
  schema: string,
  client: PoolClient,
  ids: string[],
): Promise<{ root: string; id: string }[]> {
  const trees = new Map(ids.map((id) => [id, new Set([id])]));
  // Which roots have reached a company, for the companies of the present level.
  let level = new Map(ids.map((id) => [id, [id]]));
  while (level.size > 0) {
    const { rows } = await client.query<{ id: string; parent_id: string }>(
      `select id, parent_id from ${schema}.company where parent_id = any($1::bigint[])`,
      [[...level.keys()]],
    );
    const next = new Map<string, string[]>();
    for (const { id, parent_id } of rows) {
      const roots = (level.get(parent_id) ?? []).filter((root) => !trees.get(root)?.has(id));
      for (const root of roots) trees.get(root)?.add(id);
      if (roots.length > 0) next.set(id, roots);
    }
    level = next;
  }
  return [...trees].flatMap(([root, tree]) => [...tree].map((id) => ({ root, id })));
}

function valuesOf(record: string): string {
  return record === '' ? '(select 1) v' : `jsonb_to_record(coalesce(merged.p, '{}')) as v (${record})`;
}

function valuesFor(profiling: Profiling, object: ObjectType, ids: string[]): unknown[] {
  // An objection is false until somebody objects; where true means leave, as of a marketing contact, it must not win.
  const objections = profiling.attributes.filter(
    ({ kind, type, empty }) => kind === 'consent' && type === 'boolean' && empty === 'false',
  );
  return [
    ids,
    JSON.stringify(
      profiling.connections.map(({ connection_id, place, defaults }) => ({
        connection_id,
        place,
        defaults: defaults[object],
      })),
    ),
    objections.map(({ key }) => key),
  ];
}

/**
 * CTEs that end in `merged (id, p)`: one object of values per subject. Of several records the newest known value
 * wins (or the best connection's); an empty one stands for its meaning only where no record knows better; and an
 * objection in one record (opt-out, no profiling) holds for the human, whatever another CRM says.
 */
function mergedRecords(profiling: Profiling, object: 'contact' | 'company'): string {
  const s = profiling.work.tenant.schema;
  const subject = object === 'contact' ? 'person_id' : 'company_id';
  const byRank = Policy.parse(profiling.work.tenant.policy).precedence === 'rank';
  const order = byRank ? 'place desc, changed_at' : 'changed_at, place desc';
  return `known as materialized (
      select r.${subject} as id, r.properties, r.changed_at, r.id as record_id, c.place, c.defaults,
        count(*) over (partition by r.${subject}) as copies
      from ${s}.${object}_record r
      join jsonb_to_recordset($2::jsonb) as c (connection_id text, place int, defaults jsonb)
        on c.connection_id = r.connection_id
      where r.${subject} = any($1::bigint[]) and r.state = 'live'
    ),
    merged as materialized (
      select id, defaults || properties as p from known where copies = 1
      union all
      select id, jsonb_object_agg(key, value order by weight, ${order}, record_id desc)
      from known cross join lateral (
        select key, value, 0 as weight from jsonb_each(defaults)
        union all
        select key, value, case when value = 'true' and key = any($3::text[]) then 2 else 1 end
        from jsonb_each(properties)
      ) each_value
      where copies > 1 group by id
    )`;
}

/** Aggregates over deals `d`; an unknown revenue adds nothing and does not count in the average. */
function totals({ attributes }: Profiling): string {
  const { won, closed, closed_at } = dealColumns(attributes);
  const sold = `filter (where d.counts and ${won})`;
  const open = `filter (where d.counts and not coalesce(${closed}, ${won}, false))`;
  return `count(*) ${sold} as deal_count, sum(d.revenue) ${sold} as revenue_total, avg(d.revenue) ${sold} as average_order,
    min(${closed_at}) ${sold} as first_order_at, max(${closed_at}) ${sold} as last_order_at,
    count(*) ${open} as open_deal_count, sum(d.revenue) ${open} as open_deal_amount,
    count(*) filter (where d.counts and ${closed} and not coalesce(${won}, false)) as lost_deal_count`;
}

/** Days with purchases of the subjects $1, and the columns that keep them; none where deals have no such columns. */
function purchases(
  { attributes, work }: Profiling,
  owner: 'person_id' | 'company_id',
): { sql: string; columns: Column[] } {
  const isDeal = (key: string) => attributes.some((one) => one.owner === 'deal' && one.key === key);
  if (!isDeal('won') || !isDeal('closed_at'))
    return { sql: 'select null::bigint as id where false', columns: [] };
  const filter = `d.${owner} = any($1::bigint[]) and d.counts and d.won and d.closed_at is not null`;
  const days = purchaseDays(`${work.tenant.schema}.deal d`, filter, `d.${owner}`);
  const parts = Object.entries(ofPurchaseDays).map(([name, sql]) => `${sql} as ${name}`);
  const kept = (name: PurchaseColumn): string =>
    name === 'days' ? 'coalesce(bought.days, 0)' : `bought.${name}`;
  return {
    sql: `select id, ${parts.join(', ')} from (${days}) day group by 1`,
    columns: purchaseColumns.map((name) => ({ name: storedPurchases[name], value: kept(name) })),
  };
}

/** The computed attributes that a set of totals fills. */
function totalsOf(totalsName: string): Record<string, string> {
  const zero = (name: string) => `coalesce(${totalsName}.${name}, 0)`;
  const unknown = (name: string) => `${totalsName}.${name}`;
  return {
    deal_count: zero('deal_count'),
    revenue_total: zero('revenue_total'),
    average_order: unknown('average_order'),
    first_order_at: unknown('first_order_at'),
    last_order_at: unknown('last_order_at'),
    open_deal_count: zero('open_deal_count'),
    open_deal_amount: zero('open_deal_amount'),
    lost_deal_count: zero('lost_deal_count'),
  };
}
