import type { Property } from '../../../connectors/contract.ts';
import { type Attribute, ownerOf } from '../../model/attribute.ts';
import type { ObjectType } from '../../model/record.ts';
import type { CatalogueEntry } from '../../segmentation/catalogue.ts';
import { addAttributes, listAttributes } from '../../store/columns.ts';
import { noteAllDirty } from '../../store/dirty.ts';
import { addMappings, listMappings, lockMappings } from '../../store/mappings.ts';
import { type Pool, type Queryable, transaction } from '../../store/pool.ts';
import type { Tenant } from '../../store/tenant.ts';
import { crossReferenceSystem } from '../unify/identity.ts';

/** Properties in which one CRM keeps the id of another's record; how its own integration names them. */
const CROSS_REFERENCES: { system: string; object: ObjectType; attribute: string; properties: string[] }[] = [
  {
    system: 'hubspot',
    object: 'contact',
    attribute: 'cross_salesforce_id',
    properties: ['salesforcecontactid', 'salesforceleadid'],
  },
  {
    system: 'hubspot',
    object: 'company',
    attribute: 'cross_salesforce_id',
    properties: ['salesforceaccountid'],
  },
  {
    system: 'hubspot',
    object: 'deal',
    attribute: 'cross_salesforce_id',
    properties: ['salesforceopportunityid'],
  },
];

export type Mapped = {
  /** Mappings that are new. */
  added: number;
  /** Standard attributes for which the CRM has none of the usual properties. */
  missing: { object: ObjectType; attribute: string; properties: string[] }[];
};

/**
 * Gives a tenant the standard attributes and a connection its default mappings: for each attribute the first of its
 * usual properties that the CRM has, or simply the first where nothing was `discovered`. What people chose stays;
 * running it again adds what is new. New mappings are filled by the next pull.
 */
export async function mapConnection(
  pool: Pool,
  tenant: Tenant,
  connection: { id: string; system: string },
  catalogue: readonly CatalogueEntry[],
  discovered?: readonly Pick<Property, 'object' | 'name'>[],
): Promise<Mapped> {
  const exists = new Set(discovered?.map(({ object, name }) => `${object} ${name}`));
  const taken = new Set(
    (await listMappings(pool, tenant, { connectionId: connection.id })).map(
      (m) => `${m.object} ${m.attribute}`,
    ),
  );
  const wanted = [
    ...catalogue.flatMap(({ attribute, mappings }) =>
      mappings
        .filter(({ system, object }) => system === connection.system && ownerOf[object] === attribute.owner)
        .map(({ object, properties }) => ({ object, attribute: attribute.key, properties })),
    ),
    ...CROSS_REFERENCES.filter(({ system }) => system === connection.system),
  ].filter(({ object, attribute }) => !taken.has(`${object} ${attribute}`));
  const found = wanted.map((row) => ({
    ...row,
    property: discovered
      ? row.properties.find((name) => exists.has(`${row.object} ${name}`))
      : row.properties[0],
  }));
  const fed = new Set(
    found
      .filter(({ property }) => property !== undefined)
      .map(({ object, attribute }) => `${ownerOf[object]}.${attribute}`),
  );
  const added = await addFed(
    pool,
    tenant,
    // A column that nothing feeds would read as unknown for everybody; without it a segment says what it needs.
    catalogue
      .map(({ attribute }) => attribute)
      .filter(({ source, owner, key }) => source === 'computed' || fed.has(`${owner}.${key}`)),
    found.flatMap(({ object, attribute, property }) =>
      // Without a look at the CRM only what it always has is mapped: a cross reference may not exist.
      property === undefined || (!discovered && crossReferenceSystem(attribute))
        ? []
        : [{ connectionId: connection.id, object, attribute, property }],
    ),
  );
  return {
    added,
    missing: found
      .filter(({ property, attribute }) => property === undefined && !crossReferenceSystem(attribute))
      .map(({ object, attribute, properties }) => ({ object, attribute, properties })),
  };
}

/**
 * Adds attributes and what feeds them. One that is there already keeps its definition: a person may have changed it.
 * @returns how many mappings are new
 */
async function addFed(
  pool: Pool,
  tenant: Tenant,
  attributes: readonly Attribute[],
  mappings: Parameters<typeof addMappings>[2],
): Promise<number> {
  const missing = async (db: Queryable) => {
    const known = new Set((await listAttributes(db, tenant)).map(({ owner, key }) => `${owner}.${key}`));
    return attributes.filter(({ owner, key }) => !known.has(`${owner}.${key}`));
  };
  for (;;) {
    const fresh = await missing(pool);
    if (fresh.length > 0) await addAttributes(pool, tenant, fresh);
    const added = await transaction(pool, async (client) => {
      await lockMappings(client, tenant);
      // With its last feed elsewhere one may have gone meanwhile.
      return (await missing(client)).length > 0 ? null : addMappings(client, tenant, mappings);
    });
    if (added !== null) return added;
  }
}

/** Feeds an attribute from a property that a person chose; all records are read again for it. See lockMappings. */
export async function chooseProperty(
  db: Queryable,
  tenant: Tenant,
  choice: { connectionId: string; object: ObjectType; attribute: string; property: string },
): Promise<void> {
  await db.query(
    `insert into ${tenant.schema}.mapping as m (connection_id, object, attribute, property)
     values ($1, $2, $3, $4)
     on conflict (connection_id, object, attribute) do update
       set property = excluded.property, filled = false, problem = null
       where m.property <> excluded.property`,
    [choice.connectionId, choice.object, choice.attribute, choice.property],
  );
}

/** After a change of what counts as revenue, or of ranks: works out all deals and those who have them again. */
export async function reviseRevenue(db: Queryable, tenant: Tenant): Promise<void> {
  await noteAllDirty(db, tenant, 'profile', 'deal');
}

export type RevenueLine = {
  pipeline: string | null;
  stage: string | null;
  dealType: string | null;
  won: boolean | null;
  deals: number;
  /** Sum of the amounts as the CRM has them, by currency; null is the account's own. */
  currency: string | null;
  amount: string;
};

/** What a connection's deals are, with counts and sums, for choosing what counts as revenue. */
export async function revenueCheck(
  db: Queryable,
  tenant: Tenant,
  connectionId: string,
): Promise<RevenueLine[]> {
  const { rows } = await db.query<RevenueLine>(
    `select properties ->> 'pipeline' as pipeline, properties ->> 'stage' as stage,
       properties ->> 'deal_type' as "dealType", (properties ->> 'won')::boolean as won,
       upper(properties ->> 'currency') as currency, count(*)::int as deals,
       coalesce(sum((properties ->> 'amount')::numeric), 0)::text as amount
     from ${tenant.schema}.deal_record where connection_id = $1 and state = 'live'
     group by 1, 2, 3, 4, 5 order by deals desc, 1, 2, 3`,
    [connectionId],
  );
  return rows;
}
