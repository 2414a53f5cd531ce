import type { Json, TargetKind, TargetValue } from '../../../connectors/contract.ts';
import type { ObjectType, Scalar } from '../../model/record.ts';
import type { Pool } from '../../store/pool.ts';
import type { Tenant } from '../../store/tenant.ts';
import type { OpenConnection } from '../stage.ts';
import { isMembership, readDesired, readScene, type Scene, type ShownTarget } from './desired.ts';
import { writable } from './push-phases.ts';
import { valuesOf } from './readback.ts';
import { isSameShown, readable } from './shown-values.ts';

/** A record that shows something else than it should. */
export type Mismatch = {
  object: ObjectType;
  id: string;
  targetId: string;
  should: TargetValue;
  shows: TargetValue;
};

/** How many mismatches are kept as examples. */
const SAMPLES = 20;

export type Check = { records: number; mismatches: number; samples: Mismatch[] };

/** What values should be there: desired, except where a pin or a refusal is known. */
type Known = { value: TargetValue };

/** Compares what records show with what they should; the order of several values does not matter. */
function compareShown(
  object: ObjectType,
  targets: readonly string[],
  records: ReadonlyMap<string, ReadonlyMap<string, string[]>>,
  should: (id: string, targetId: string) => TargetValue,
): Mismatch[] {
  const mismatches: Mismatch[] = [];
  for (const [id, values] of records) {
    for (const targetId of targets) {
      const seen = values.get(targetId) ?? [];
      const expected = should(id, targetId);
      if (isSameShown(seen, expected)) continue;
      mismatches.push({ object, id, targetId, should: expected, shows: seen.length === 0 ? null : seen });
    }
  }
  return mismatches;
}

/** How everything that a CRM shows is read back: page by page, by the CRM's own property names and ids. */
export type ShownSource = {
  records(
    object: ObjectType,
    properties: string[],
  ): AsyncIterable<{ id: string; properties: Record<string, Scalar> }[]>;
  /** Undefined where the system has no such lists. */
  members(list: { kind: TargetKind; remote: Json }): AsyncIterable<string[]> | undefined;
};

/** Reads through the connector, as any pull does. */
export function throughConnector({ connector, context }: OpenConnection): ShownSource {
  return {
    records: async function* (object, properties) {
      if (!connector.pull) return;
      for await (const page of connector.pull(context, { object, mode: 'full', properties, cursor: null })) {
        yield page.records.filter((record) => record.object === object && record.state === 'live');
      }
    },
    members: (list) => connector.members?.(context, list),
  };
}

/**
 * Reads every record and list of a connection back and counts what differs from what the store says it should show:
 * the labels after consent, but the pinned value where there is a pin, and the last accepted one where the CRM
 * refused the present one.
 */
export async function checkConnection(
  pool: Pool,
  tenant: Tenant,
  connectionId: string,
  source: ShownSource,
  asOf: Date,
): Promise<Check> {
  const scene = await readScene(pool, tenant, connectionId, asOf);
  const targets = writable(scene);
  const check: Check = { records: 0, mismatches: 0, samples: [] };
  const add = (found: Mismatch[]) => {
    check.mismatches += found.length;
    check.samples.push(...found.slice(0, SAMPLES - check.samples.length));
  };
  for (const object of new Set(targets.map((target) => target.object))) {
    const own = targets.filter((target) => target.object === object);
    for await (const { records, found } of checkValues(pool, tenant, source, scene, object, own)) {
      check.records += records;
      add(found);
    }
    for (const list of own.filter(isMembership)) add(await checkMembers(pool, source, scene, list));
  }
  return check;
}

async function* checkValues(
  pool: Pool,
  tenant: Tenant,
  source: ShownSource,
  scene: Scene,
  object: ObjectType,
  targets: ShownTarget[],
): AsyncGenerator<{ records: number; found: Mismatch[] }> {
  const properties = readable(targets, object);
  if (properties.length === 0) return;
  const names = [...new Set(properties.map(({ property }) => property))];
  for await (const live of source.records(object, names)) {
    const shown = new Map(live.map((record) => [record.id, valuesOf(record.properties, properties)]));
    const keys = [...shown.keys()];
    const want = await readDesired(pool, scene, object, targets, { keys });
    const known = await knownValues(pool, tenant, scene, object, keys);
    const found = compareShown(
      object,
      properties.map(({ targetId }) => targetId),
      shown,
      (id, targetId) => (known.get(`${id} ${targetId}`) ?? { value: want.get(id)?.[targetId] ?? null }).value,
    );
    yield { records: live.length, found };
  }
}

/** Pinned values, and what is shown where the present value was refused, by record and target. */
async function knownValues(
  pool: Pool,
  tenant: Tenant,
  scene: Scene,
  object: ObjectType,
  keys: string[],
): Promise<Map<string, Known>> {
  const { rows } = await pool.query<{ key: string; target: string; value: TargetValue }>(
    `select external_key as key, target_id as target, value from ${tenant.schema}.pin
     where connection_id = $1 and object = $2 and external_key = any($3) and (until is null or until > $4)
     union all
     select f.external_key, f.target_id, l.shown -> f.target_id
     from ${tenant.schema}.refusal f
     left join ${tenant.schema}.ledger l
       on l.connection_id = f.connection_id and l.object = f.object and l.external_key = f.external_key
     where f.connection_id = $1 and f.object = $2 and f.external_key = any($3)`,
    [scene.connectionId, object, keys, scene.asOf],
  );
  return new Map(rows.map(({ key, target, value }) => [`${key} ${target}`, { value }]));
}

async function checkMembers(
  pool: Pool,
  source: ShownSource,
  scene: Scene,
  list: ShownTarget,
): Promise<Mismatch[]> {
  const pages = source.members({ kind: list.kind, remote: list.remote });
  if (!pages) return [];
  const members: string[] = [];
  for await (const page of pages) members.push(...page);
  const want = await readDesired(pool, scene, list.object, [list], { after: null, to: null });
  const should = new Set([...want].filter(([, values]) => values[list.id] === true).map(([key]) => key));
  const present = new Set(members);
  const mismatch = (id: string, isMember: boolean): Mismatch => ({
    object: list.object,
    id,
    targetId: list.id,
    should: !isMember,
    shows: isMember,
  });
  const once = new Set<string>();
  const twice = members.filter((id) => once.has(id) || !once.add(id));
  return [
    ...[...should].filter((id) => !present.has(id)).map((id) => mismatch(id, false)),
    ...[...present].filter((id) => !should.has(id)).map((id) => mismatch(id, true)),
    ...twice.map((id) => mismatch(id, true)),
  ];
}
