import { noteDirtySubjects } from '../../store/dirty.ts';
import { closureOf, type Node, nodeColumns, nodeName } from './closure.ts';
import { type CountedDeal, creditDeals, removeDeals } from './credit.ts';
import type { UnifyCounts } from './unify.ts';
import { assign, type UnifyScene } from './unify-records.ts';

/**
 * Unifies one batch of touched deals: two records are one deal by a stored cross reference only, and the copy of
 * the best ranked connection counts. Then credits them.
 */
export async function unifyDeals(scene: UnifyScene): Promise<UnifyCounts> {
  const { db, tenant } = scene;
  const s = tenant.schema;
  const { rows: touched } = await db.query<Node>(
    `select ${nodeColumns('deal')} from ${s}.deal_record r
     where r.touched order by r.connection_id, r.id limit $1 for update`,
    [scene.limit],
  );
  if (touched.length === 0) return { records: 0, created: 0, absorbed: 0, removed: 0 };
  const closure = await closureOf({ ...scene, object: 'deal', split: new Set() }, touched);
  const { groups, alone, dead } = assign(closure);
  await removeDeals(
    scene,
    dead.map(({ id }) => id),
  );
  const placed = groups.map((group) => ({ group, copy: copyThatCounts(scene, group.nodes) }));
  const created = await placeCopies(scene, placed);
  const isTouched = new Set(touched.map(nodeName));
  const subjects = [
    ...placed.flatMap(({ group }) => group.nodes.map((node) => ({ node, id: group.id }))),
    ...alone.map((node) => ({ node, id: undefined })),
  ];
  await db.query(
    `update ${s}.deal_record r set deal_id = t.deal_id, touched = r.touched and not t.looked
     from jsonb_to_recordset($1::jsonb) as t (connection_id text, id text, deal_id bigint, looked boolean)
     where r.connection_id = t.connection_id and r.id = t.id
       and r.connection_id = any($2::text[]) and r.id = any($3::text[])`,
    [
      JSON.stringify(
        subjects.map(({ node, id }) => ({
          connection_id: node.connection_id,
          id: node.id,
          deal_id: node.state === 'live' ? (id ?? null) : null,
          // Others that are touched wait for their own turn, when they are locked.
          looked: isTouched.has(nodeName(node)),
        })),
      ),
      [...new Set(subjects.map(({ node }) => node.connection_id))],
      subjects.map(({ node }) => node.id),
    ],
  );
  const counted: CountedDeal[] = placed.flatMap(({ group, copy }) =>
    group.id === undefined
      ? []
      : [{ deal_id: group.id, connection_id: copy.connection_id, record_id: copy.id }],
  );
  await creditDeals(scene, counted);
  await noteDirtySubjects(
    db,
    tenant,
    'profile',
    'deal',
    counted.map((deal) => deal.deal_id),
  );
  const absorbed = dead.filter(({ into }) => into.length > 0).length;
  return { records: touched.length, created, absorbed, removed: dead.length - absorbed };
}

/** The live record of the best ranked connection, the lowest id among several there. */
function copyThatCounts(scene: UnifyScene, nodes: Node[]): Node {
  const place = new Map(scene.connections.map(({ id }, index) => [id, index]));
  const rank = (node: Node) => place.get(node.connection_id) ?? Number.MAX_SAFE_INTEGER;
  const [best] = nodes
    .filter((node) => node.state === 'live')
    .sort((x, y) => rank(x) - rank(y) || x.id.length - y.id.length || (x.id < y.id ? -1 : 1));
  if (!best) throw new Error(`no live record among ${nodes.map(nodeName).join(', ')}`);
  return best;
}

type Placed = { group: { id: string | undefined }; copy: Node };

/** Points each deal to its copy, making the deals that are new. Two steps, as copies may change places. */
async function placeCopies(scene: UnifyScene, placed: Placed[]): Promise<number> {
  const s = scene.tenant.schema;
  const known = placed.filter(({ group }) => group.id !== undefined);
  const values = [
    JSON.stringify(
      known.map(({ group, copy }) => ({
        deal_id: group.id,
        connection_id: copy.connection_id,
        record_id: copy.id,
      })),
    ),
  ];
  const changed = `from jsonb_to_recordset($1::jsonb) as t (deal_id bigint, connection_id text, record_id text)
     where d.id = t.deal_id and (d.connection_id, d.record_id) is distinct from (t.connection_id, t.record_id)`;
  const { rowCount } = await scene.db.query(
    `update ${s}.deal d set connection_id = '', record_id = d.id::text ${changed}`,
    values,
  );
  if (rowCount > 0) {
    await scene.db.query(
      `update ${s}.deal d set connection_id = t.connection_id, record_id = t.record_id ${changed}`,
      values,
    );
  }
  const fresh = placed.filter(({ group }) => group.id === undefined);
  if (fresh.length === 0) return 0;
  const { rows } = await scene.db.query<{ id: string; connection_id: string; record_id: string }>(
    `insert into ${s}.deal (connection_id, record_id)
     select connection_id, record_id from jsonb_to_recordset($1::jsonb) as t (connection_id text, record_id text)
     returning id, connection_id, record_id`,
    [JSON.stringify(fresh.map(({ copy }) => ({ connection_id: copy.connection_id, record_id: copy.id })))],
  );
  const ids = new Map(rows.map((row) => [`${row.connection_id}/${row.record_id}`, row.id]));
  for (const { group, copy } of fresh) group.id = ids.get(nodeName(copy));
  return fresh.length;
}
