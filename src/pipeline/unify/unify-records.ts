import { noteDirtySubjects } from '../../store/dirty.ts';
import type { Queryable } from '../../store/pool.ts';
import { recordTables } from '../../store/records.ts';
import type { Tenant } from '../../store/tenant.ts';
import { placeCompanies, placePersons, touchLinked } from '../label/placing.ts';
import {
  ATTRIBUTES_KIND,
  type Closure,
  closureOf,
  type Node,
  nodeColumns,
  nodeName,
  type RankedConnection,
} from './closure.ts';
import { chooseSurvivors, connectedParts } from './components.ts';
import type { UnifyCounts } from './unify.ts';

export type UnifyScene = {
  db: Queryable;
  tenant: Tenant;
  connections: RankedConnection[];
  limit: number;
  hasReferences: boolean;
};

type Scene = UnifyScene & { object: 'contact' | 'company' };

/** A set of records that are one subject; `id` is undefined where the subject is new. */
type Group = { key: string; nodes: Node[]; id: string | undefined };

/** Which subjects the records of a closure belong to from now on. */
export type Assignment = {
  groups: Group[];
  /** Tombstones, and rows that are nobody's. */
  alone: Node[];
  /** Subjects with no record left, and where their records went. */
  dead: { id: string; into: string[] }[];
};

/**
 * Unifies one batch of touched records within the caller's transaction: reads all that can be the same, works out
 * the parts, and writes what changed. Returns what it did; zero records means that nothing is left to do.
 */
export async function unifyRecords(scene: Scene): Promise<UnifyCounts> {
  const { db, tenant, object } = scene;
  const { table } = recordTables[object];
  const { rows: touched } = await db.query<Node>(
    // Locked, so that a page stored meanwhile marks its records again rather than being overlooked.
    `select ${nodeColumns(object)} from ${tenant.schema}.${table} r
     where r.touched order by r.connection_id, r.id limit $1 for update`,
    [scene.limit],
  );
  if (touched.length === 0) return { records: 0, created: 0, absorbed: 0, removed: 0 };
  const closure = await closureOf({ ...scene, split: await splitRecords(scene) }, touched);
  const assignment = assign(closure);
  const isNew = assignment.groups.filter((group) => group.id === undefined);
  const created = await createSubjects(scene, isNew);
  const moved = await writeAssignment(scene, assignment, touched);
  const absorbed = await removeDead(scene, closure, assignment);
  await touchLinked(scene, object, moved);
  const ids = assignment.groups.flatMap((group) => group.id ?? []);
  await (object === 'contact' ? placePersons(scene, ids) : placeCompanies(scene, ids));
  const subject = object === 'contact' ? 'person' : 'company';
  await noteDirtySubjects(db, tenant, 'profile', subject, ids);
  // A new subject is labelled although profile may find nothing to write.
  await noteDirtySubjects(
    db,
    tenant,
    'label',
    subject,
    isNew.flatMap((group) => group.id ?? []),
  );
  return { records: touched.length, created, absorbed, removed: assignment.dead.length - absorbed };
}

async function splitRecords(scene: Scene): Promise<Set<string>> {
  const { rows } = await scene.db.query<{ connection_id: string; id: string }>(
    `select connection_id, record_id as id from ${scene.tenant.schema}.split where subject = $1`,
    [scene.object === 'contact' ? 'person' : 'company'],
  );
  return new Set(rows.map(nodeName));
}

/** Pure: the parts of the closure, each with the subject that it keeps. */
export function assign({ nodes, edges }: Closure): Assignment {
  const groups: Group[] = [];
  const alone: Node[] = [];
  for (const names of connectedParts(nodes.keys(), edges)) {
    const part = names.flatMap((name) => nodes.get(name) ?? []);
    const isSomebody = part.some((node) => node.state === 'live' && node.kind !== ATTRIBUTES_KIND);
    if (isSomebody) groups.push({ key: names[0] ?? '', nodes: part, id: undefined });
    else alone.push(...part);
  }
  const survivors = chooseSurvivors(
    groups.map((group) => ({
      key: group.key,
      holders: group.nodes
        .filter((node) => node.kind !== ATTRIBUTES_KIND)
        .map((node) => (node.subject_id === null ? null : BigInt(node.subject_id))),
    })),
  );
  for (const group of groups) group.id = survivors.get(group.key)?.toString();
  const kept = new Set(groups.map((group) => group.id));
  const dead = new Map<string, string[]>();
  for (const node of nodes.values()) {
    if (node.subject_id !== null && !kept.has(node.subject_id)) dead.set(node.subject_id, []);
  }
  for (const group of groups) {
    for (const node of group.nodes) {
      const into = node.subject_id === null ? undefined : dead.get(node.subject_id);
      if (into && !into.includes(group.key)) into.push(group.key);
    }
  }
  return { groups, alone, dead: [...dead].map(([id, into]) => ({ id, into })) };
}

async function createSubjects(scene: Scene, fresh: Group[]): Promise<number> {
  if (fresh.length === 0) return 0;
  const subject = scene.object === 'contact' ? 'person' : 'company';
  const { rows } = await scene.db.query<{ id: string }>(
    `insert into ${scene.tenant.schema}.${subject} (created_at) select now() from generate_series(1, $1::int) returning id`,
    [fresh.length],
  );
  for (const [index, group] of fresh.entries()) group.id = rows[index]?.id;
  return fresh.length;
}

/** Writes subjects to records; returns the records whose subject is another one now. */
async function writeAssignment(
  scene: Scene,
  { groups, alone }: Assignment,
  touched: Node[],
): Promise<{ connection_id: string; id: string }[]> {
  const { table, subject, key, others } = recordTables[scene.object];
  const isTouched = new Set(touched.map(nodeName));
  const target = (node: Node, id: string | undefined) => (node.state === 'live' ? (id ?? null) : null);
  const all = [
    ...groups.flatMap((group) => group.nodes.map((node) => ({ node, subject_id: target(node, group.id) }))),
    ...alone.map((node) => ({ node, subject_id: null })),
  ];
  const moved = all.filter(({ node, subject_id }) => node.subject_id !== subject_id);
  const write = all.filter(
    ({ node, subject_id }) => isTouched.has(nodeName(node)) || node.subject_id !== subject_id,
  );
  await scene.db.query(
    // What was not looked at as touched stays touched: another page may have come in.
    `update ${scene.tenant.schema}.${table} r
     set ${subject} = t.subject_id, unified_as = r.${key}, ${others === null ? '' : `unified_as_others = r.${others}, `}touched = r.touched and not t.looked
     from jsonb_to_recordset($1::jsonb) as t (connection_id text, id text, subject_id bigint, looked boolean)
     where r.connection_id = t.connection_id and r.id = t.id
       and r.connection_id = any($2::text[]) and r.id = any($3::text[])`,
    [
      JSON.stringify(
        write.map(({ node, subject_id }) => ({
          connection_id: node.connection_id,
          id: node.id,
          subject_id,
          looked: isTouched.has(nodeName(node)),
        })),
      ),
      [...new Set(write.map(({ node }) => node.connection_id))],
      write.map(({ node }) => node.id),
    ],
  );
  return moved.map(({ node }) => ({ connection_id: node.connection_id, id: node.id }));
}

/** Removes subjects without records, and records why where their records went on in another. */
async function removeDead(scene: Scene, closure: Closure, { groups, dead }: Assignment): Promise<number> {
  if (dead.length === 0) return 0;
  const subject = scene.object === 'contact' ? 'person' : 'company';
  const s = scene.tenant.schema;
  const byKey = new Map(groups.map((group) => [group.key, group]));
  const groupOf = new Map(groups.flatMap((group) => group.nodes.map((node) => [nodeName(node), group.key])));
  const why = new Map<string, Set<string>>();
  for (const edge of closure.edges) {
    const group = groupOf.get(edge.a);
    if (group === undefined) continue;
    why.set(group, (why.get(group) ?? new Set()).add(edge.by));
  }
  const merges = dead.flatMap(({ id, into }) =>
    into.map((key) => ({
      survivor_id: byKey.get(key)?.id,
      absorbed_id: id,
      reason: {
        by: [...(why.get(key) ?? [])].sort(),
        records: (byKey.get(key)?.nodes ?? []).map((node) => [node.connection_id, node.id]),
      },
    })),
  );
  await scene.db.query(
    `insert into ${s}.merge (subject, survivor_id, absorbed_id, reason)
     select $1, survivor_id, absorbed_id, reason
     from jsonb_to_recordset($2::jsonb) as t (survivor_id bigint, absorbed_id bigint, reason jsonb)`,
    [subject, JSON.stringify(merges)],
  );
  const ids = dead.map(({ id }) => id);
  // The company of a person, and the parent of a company, have one fewer to add up.
  const above = subject === 'person' ? 'company_id' : 'parent_id';
  const { rows } = await scene.db.query<{ id: string }>(
    `select distinct ${above} as id from ${s}.${subject} where id = any($1::bigint[]) and ${above} is not null`,
    [ids],
  );
  await scene.db.query(`delete from ${s}.dirty_subject where subject = $1 and id = any($2::bigint[])`, [
    subject,
    ids,
  ]);
  await scene.db.query(`delete from ${s}.score where subject = $1 and subject_id = any($2::bigint[])`, [
    subject,
    ids,
  ]);
  await scene.db.query(`delete from ${s}.${subject} where id = any($1::bigint[])`, [ids]);
  await noteDirtySubjects(
    scene.db,
    scene.tenant,
    'profile',
    'company',
    rows.map((row) => row.id),
  );
  return dead.filter(({ into }) => into.length > 0).length;
}
