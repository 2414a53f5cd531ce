import type { Attribute } from '../model/attribute.ts';
import type { ValueNames } from '../model/value-name.ts';
import type { Queryable } from './pool.ts';
import type { Tenant } from './tenant.ts';

/**
 * Notes what a CRM calls the values of attributes, and names each value anew. Names are added and replaced, never taken
 * away as long as the connection is there: records still hold the values of options that are gone. Inside a transaction.
 */
export async function saveValueNames(
  db: Queryable,
  tenant: Tenant,
  connectionId: string,
  given: readonly (Pick<Attribute, 'owner' | 'key'> & { valueNames: ValueNames })[],
): Promise<void> {
  const { rowCount } = await db.query(
    `insert into ${tenant.schema}.value_names as known (connection_id, owner, key, names)
     select $1, owner, key, "valueNames"
     from jsonb_to_recordset($2::jsonb) as g (owner text, key text, "valueNames" jsonb)
     order by owner, key
     on conflict (connection_id, owner, key) do update set names = known.names || excluded.names
       where not known.names @> excluded.names`,
    [connectionId, JSON.stringify(given)],
  );
  if (rowCount > 0) await nameValues(db, tenant);
}

/**
 * Gives each value the name that the best connection has for it: production before test, then by rank, then the older
 * one. Which of two CRMs was read last has no part in it. To be called after ranks change and after a connection left, inside
 * that transaction.
 */
export async function nameValues(db: Queryable, { id, schema }: Tenant): Promise<void> {
  // One after the other, in one order: each counts the names that the other brought, and none waits for one that waits.
  await db.query(`select from ${schema}.attribute order by owner, key for update`);
  await db.query(
    `with named as (
       select n.owner, n.key, one.value, one.name,
         row_number() over (partition by n.owner, n.key, one.value
           order by c.mode = 'test', c.rank, c.created_at, c.id) as place
       from ${schema}.value_names n
       join app.connection c on c.tenant_id = $1 and c.id = n.connection_id
       cross join jsonb_each_text(n.names) as one (value, name)
     ),
     best as (select owner, key, jsonb_object_agg(value, name) as names from named where place = 1 group by 1, 2)
     update ${schema}.attribute a
     set definition = case when best.names is null then a.definition - 'valueNames'
                           else a.definition || jsonb_build_object('valueNames', best.names) end
     from ${schema}.attribute b left join best using (owner, key)
     where a.owner = b.owner and a.key = b.key
       and (a.definition -> 'valueNames') is distinct from best.names`,
    [id],
  );
}
