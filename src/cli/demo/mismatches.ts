import { z } from 'zod';
import { Scalar } from '../../model/record.ts';
import { checkConnection } from '../../pipeline/push/check.ts';
import { readScene } from '../../pipeline/push/desired.ts';
import { readable } from '../../pipeline/push/shown-values.ts';
import { listConnections } from '../../store/connections.ts';
import type { Session } from '../session.ts';
import type { DemoCrm, LabelProperty } from './crm.ts';

/** HubSpot's lists and Salesforce's campaigns, as their connectors remember them. */
const ListRemote = z.union([
  z.looseObject({ listId: z.string() }).transform(({ listId }) => listId),
  z.looseObject({ id: z.string() }).transform(({ id }) => id),
]);

/**
 * Everything that the stand-in CRM holds, looked at from behind, compared with what the store says it should show.
 * @returns how many values and memberships differ
 */
export async function countMismatches(
  { app, tenant }: Session,
  connectionId: string,
  crm: DemoCrm,
  asOf: Date,
): Promise<number> {
  const check = await checkConnection(
    app.store.pool,
    tenant,
    connectionId,
    {
      records: async function* (object, names) {
        for await (const page of crm.readBack(object)) {
          yield page.map(({ id, values }) => ({
            id,
            properties: Object.fromEntries(
              names.map((name) => [name, Scalar.catch(null).parse(values[name] ?? null)]),
            ),
          }));
        }
      },
      members: async function* (list) {
        yield await crm.members(ListRemote.parse(list.remote));
      },
    },
    asOf,
  );
  for (const sample of check.samples) app.log.error(sample, 'differs');
  return check.mismatches;
}

/** By system, a label property on contacts whose value somebody may change by hand. */
export async function labelProperty(
  { app, tenant }: Session,
  asOf: Date,
): Promise<Map<string, LabelProperty>> {
  const { pool } = app.store;
  const found = new Map<string, LabelProperty>();
  for (const { id, system } of await listConnections(pool, tenant)) {
    const scene = await readScene(pool, tenant, id, asOf);
    const single = scene.targets.filter(
      ({ segmentation, state }) => state === 'live' && scene.definitions.get(segmentation)?.labels === 'one',
    );
    const [property] = readable(single, 'contact');
    const target = single.find((one) => one.id === property?.targetId);
    const definition = target && scene.definitions.get(target.segmentation);
    if (!property || !definition) continue;
    found.set(system, {
      object: 'contact',
      name: property.property,
      values: definition.segments.map(({ key }) => key),
    });
  }
  return found;
}
