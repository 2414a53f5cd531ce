import type { ObjectType } from '../../model/record.ts';
import type { Queryable } from '../../store/pool.ts';
import { recordTables } from '../../store/records.ts';
import type { Tenant } from '../../store/tenant.ts';
import type { Edge } from './components.ts';
import { identifiesCompany, identifiesPerson, MOST_ADDRESSES, MOST_HOLDERS } from './identity.ts';

/** Records of this kind tell more about known people, and are nobody by themselves. */
export const ATTRIBUTES_KIND = 'attributes';

/** A record as unify looks at it. */
export type Node = {
  connection_id: string;
  id: string;
  kind: string;
  subject_id: string | null;
  /** The normalised e-mail or domain. */
  key: string | null;
  /** A contact's further addresses, normalised. */
  others: string[];
  cross_ids: Record<string, string>;
  state: 'live' | 'deleted' | 'merged';
  merged_into: string | null;
  /** The keys that unify last went by: the first, and the others. */
  unified_as: string | null;
  unified_as_others: string[];
};

/** A connection as unify looks at it, best rank first in a list. */
export type RankedConnection = { id: string; system: string; mode: 'production' | 'test' };

/** The records that can be the same as touched ones, and what says so. */
export type Closure = { nodes: Map<string, Node>; edges: Edge[] };

export function nodeName(node: { connection_id: string; id: string }): string {
  return `${node.connection_id}/${node.id}`;
}

type Scene = {
  db: Queryable;
  tenant: Tenant;
  object: ObjectType;
  connections: RankedConnection[];
  /** Records that a person took out of their subject: they are the same as nobody. */
  split: Set<string>;
  /** Does any record of this object refer to one of another CRM? Asked once a slice, as answering reads the table. */
  hasReferences: boolean;
};

/**
 * All records connected with the touched ones, as the edges were (they share a subject, or an address that unify
 * went by) and as they are. Reads in rounds until nothing new turns up; most sets of records are closed at once.
 */
export async function closureOf(scene: Scene, touched: Node[]): Promise<Closure> {
  const nodes = new Map<string, Node>();
  const shared = new Map<string, boolean>();
  const asked = new Set<string>();
  let frontier = touched;
  while (frontier.length > 0) {
    for (const node of frontier) nodes.set(nodeName(node), node);
    const found = [
      ...(await bySubject(
        scene,
        fresh(asked, 'subject', frontier, (node) => [node.subject_id]),
      )),
      ...(await byKey(
        scene,
        shared,
        fresh(asked, 'key', frontier, (node) => [
          node.key,
          ...node.others,
          node.unified_as,
          ...node.unified_as_others,
        ]),
      )),
      ...(await byReference(scene, asked, frontier)),
    ];
    frontier = found.filter((node) => !nodes.has(nodeName(node)));
  }
  return { nodes, edges: edgesOf(scene, nodes, shared) };
}

/** Whether records of an object refer to another CRM's; one that comes later is touched, and leads there itself. */
export async function anyReferences(db: Queryable, tenant: Tenant, object: ObjectType): Promise<boolean> {
  const { rows } = await db.query<{ any: boolean }>(
    `select exists (select from ${tenant.schema}.${recordTables[object].table} where cross_ids <> '{}') as any`,
  );
  return rows[0]?.any === true;
}

/** What the frontier names and was not asked for before. */
function fresh(
  asked: Set<string>,
  topic: string,
  frontier: Node[],
  valuesOf: (node: Node) => (string | null)[],
): string[] {
  const values: string[] = [];
  for (const value of frontier.flatMap(valuesOf)) {
    if (value === null || asked.has(`${topic} ${value}`)) continue;
    asked.add(`${topic} ${value}`);
    values.push(value);
  }
  return values;
}

export function nodeColumns(object: ObjectType): string {
  const { subject, key, others } = recordTables[object];
  return `r.connection_id, r.id, r.kind, r.${subject} as subject_id, ${key === null ? 'null' : `r.${key}`} as key,
    ${others === null ? `'{}'::text[]` : `r.${others}`} as others, r.cross_ids, r.state, r.merged_into,
    ${key === null ? 'null' : 'r.unified_as'} as unified_as,
    ${others === null ? `'{}'::text[]` : 'r.unified_as_others'} as unified_as_others`;
}

/** Records whose own id, or the id they were merged into, is one of these. */
const selectBy = (
  scene: Scene,
  column: 'id' | 'merged_into',
  items: { connection_id: string; id: string }[],
) =>
  select(
    scene,
    `join jsonb_to_recordset($1::jsonb) as t (connection_id text, id text)
       on r.connection_id = t.connection_id and r.${column} = t.id
     where r.connection_id = any($2::text[]) and r.${column} = any($3::text[])`,
    [JSON.stringify(items), connectionsOf(items), items.map(({ id }) => id)],
  );

async function select(scene: Scene, condition: string, values: unknown[]): Promise<Node[]> {
  const { table } = recordTables[scene.object];
  const { rows } = await scene.db.query<Node>(
    `select ${nodeColumns(scene.object)} from ${scene.tenant.schema}.${table} r ${condition}`,
    values,
  );
  return rows;
}

async function bySubject(scene: Scene, ids: string[]): Promise<Node[]> {
  if (ids.length === 0) return [];
  return select(scene, `where r.${recordTables[scene.object].subject} = any($1::bigint[])`, [ids]);
}

/**
 * Records that hold these keys, as their first or a further one. Of a key that too many hold, only those that still
 * share a subject because of it: a mailbox of thousands must not be read with every record that has it.
 */
async function byKey(scene: Scene, shared: Map<string, boolean>, keys: string[]): Promise<Node[]> {
  const { key } = recordTables[scene.object];
  const identifies = scene.object === 'contact' ? identifiesPerson : identifiesCompany;
  const wanted = keys.filter((value) => identifies(value));
  if (key === null || wanted.length === 0) return [];
  const { rows } = await scene.db.query<{ key: string; is_shared: boolean }>(
    `select key, bool_or(holders > ${MOST_HOLDERS}) as is_shared
     from (select key, connection_id, count(*) as holders from (${holders(scene)}) h group by 1, 2) held
     group by key`,
    [wanted],
  );
  for (const row of rows) shared.set(row.key, row.is_shared);
  const own = rows.filter((row) => !row.is_shared).map((row) => row.key);
  const crowd = rows.filter((row) => row.is_shared).map((row) => row.key);
  const found = own.length === 0 ? [] : await holding(scene, own, false);
  return crowd.length === 0 ? found : [...found, ...(await holding(scene, crowd, true))];
}

/** Records that hold keys; those of one subject who are alone in it with a crowd's key are in it for another reason. */
async function holding(scene: Scene, keys: string[], together: boolean): Promise<Node[]> {
  const { rows } = await scene.db.query<{ connection_id: string; id: string }>(
    together
      ? `select distinct connection_id, id from (
           select connection_id, id, count(*) over (partition by key, subject_id) as together
           from (${holders(scene)}) h where subject_id is not null) held
         where together > 1`
      : `select distinct connection_id, id from (${holders(scene)}) h`,
    [keys],
  );
  return rows.length === 0 ? [] : selectBy(scene, 'id', rows);
}

/**
 * Who holds the keys ($1): one row for each record and key. Further ones are looked up key by key: of a list of
 * thousands the planner expects too much to use the index.
 */
function holders({ tenant, object }: Scene): string {
  const { table, key, subject, others } = recordTables[object];
  const holder = `r.connection_id, r.id, r.${subject} as subject_id`;
  const records = `${tenant.schema}.${table} r`;
  const first = `select ${holder}, r.${key} as key from ${records} where r.${key} = any($1::text[]) and r.state = 'live'`;
  if (others === null) return first;
  return `${first} union
    select ${holder}, asked.key from unnest($1::text[]) asked (key)
    join ${records} on r.${others} @> array[asked.key] where r.${others} <> '{}' and r.state = 'live'`;
}

/** Records that the frontier refers to, and records that refer to it: merges in the CRM, and cross references. */
async function byReference(scene: Scene, asked: Set<string>, frontier: Node[]): Promise<Node[]> {
  const systems = new Map(scene.connections.map((connection) => [connection.id, connection.system]));
  const ids: { connection_id: string; id: string }[] = [];
  const referrers: { connection_id: string; id: string; reference: Record<string, string> }[] = [];
  for (const node of frontier) {
    if (node.merged_into !== null) ids.push({ connection_id: node.connection_id, id: node.merged_into });
    for (const [system, id] of Object.entries(node.cross_ids)) {
      for (const connection of scene.connections) {
        if (connection.system === system) ids.push({ connection_id: connection.id, id });
      }
    }
    const system = systems.get(node.connection_id);
    if (system !== undefined) {
      referrers.push({ connection_id: node.connection_id, id: node.id, reference: { [system]: node.id } });
    }
  }
  const isNew = (topic: string) => (item: { connection_id: string; id: string }) => {
    const name = `${topic} ${nodeName(item)}`;
    if (asked.has(name)) return false;
    asked.add(name);
    return true;
  };
  const referredIds = ids.filter(isNew('id'));
  const newReferrers = referrers.filter(isNew('referrer'));
  const found: Node[] = [];
  if (referredIds.length > 0) found.push(...(await selectBy(scene, 'id', referredIds)));
  if (newReferrers.length > 0) {
    found.push(...(await selectBy(scene, 'merged_into', newReferrers)));
    if (scene.hasReferences) {
      found.push(
        ...(await select(
          scene,
          `join jsonb_to_recordset($1::jsonb) as t (reference jsonb) on r.cross_ids @> t.reference
           where r.cross_ids <> '{}'`,
          [JSON.stringify(newReferrers)],
        )),
      );
    }
  }
  return found;
}

function connectionsOf(records: { connection_id: string }[]): string[] {
  return [...new Set(records.map((record) => record.connection_id))];
}

function edgesOf(scene: Scene, nodes: Map<string, Node>, shared: Map<string, boolean>): Edge[] {
  const connections = new Map(scene.connections.map((connection) => [connection.id, connection]));
  const identifies = scene.object === 'contact' ? identifiesPerson : identifiesCompany;
  const firstWith = new Map<string, string>();
  const edges: Edge[] = [];
  for (const [name, node] of nodes) {
    const connection = connections.get(node.connection_id);
    if (node.state === 'merged' && node.merged_into !== null) {
      edges.push({ a: name, b: `${node.connection_id}/${node.merged_into}`, by: 'merged_in_crm' });
    }
    if (node.state !== 'live' || connection === undefined || scene.split.has(name)) continue;
    for (const [system, id] of Object.entries(node.cross_ids)) {
      const targets = scene.connections
        .filter((other) => other.system === system && other.mode === connection.mode)
        .map((other) => `${other.id}/${id}`)
        // A deleted record is nobody any more; a merged one leads on to its survivor.
        .filter((target) => (nodes.get(target)?.state ?? 'deleted') !== 'deleted');
      const [target] = targets;
      // An id that two accounts of a system both have says nothing.
      if (target === undefined || targets.length > 1 || scene.split.has(target)) continue;
      edges.push({ a: name, b: target, by: 'cross_reference' });
    }
    for (const key of keysOf(node)) {
      if (shared.get(key) !== false || !identifies(key)) continue;
      // One chain through all holders joins them as well as every pair would. Test accounts have chains of their own.
      const chain = `${connection.mode} ${key}`;
      const first = firstWith.get(chain);
      if (first === undefined) firstWith.set(chain, name);
      else edges.push({ a: first, b: name, by: 'key' });
    }
  }
  return edges;
}

/** The keys that a record is known by; one that collects addresses is known by its first only. */
function keysOf({ key, others }: Node): string[] {
  return [...(key === null ? [] : [key]), ...(others.length > MOST_ADDRESSES ? [] : others)];
}
