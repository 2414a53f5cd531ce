import { ownerOf } from '../../model/attribute.ts';
import { listAttributes } from '../../store/columns.ts';
import { noteProperties } from '../../store/mappings.ts';
import { saveValueNames } from '../../store/value-names.ts';
import { noteLostTargets } from '../push/pins.ts';
import { fenced } from '../with-leases.ts';
import { add, type Ending, type Scene } from './pull-scene.ts';
import { valueNamesOf } from './value-names.ts';

/**
 * Compares the mapped properties with what the CRM has, so that a lost one is named and never read as empty; notes what
 * it calls their values.
 */
export async function lookUpProperties(scene: Scene): Promise<Ending> {
  const { connector, context } = scene.connection;
  if (!connector.discover || scene.mappings.length + scene.shown.length === 0) return 'done';
  const properties = await connector.discover(context, scene.object);
  const { tenant } = scene.work;
  const attributes = await listAttributes(scene.work.pool, tenant);
  const owner = ownerOf[scene.object];
  const names = valueNamesOf(owner, scene.mappings, properties, attributes, scene.connection.config);
  await fenced(scene.work, async (client) => {
    const existing = properties.map((property) => property.name);
    const calculated = properties.flatMap((property) => (property.calculated ? [property.name] : []));
    const { lost } = await noteProperties(client, tenant, { ...scene, existing, calculated });
    if (lost > 0) add(scene, 'lost_properties', lost);
    await saveValueNames(client, tenant, scene.connectionId, names);
    await noteLostTargets(client, tenant, { ...scene, existing }, scene.shown);
  });
  return 'done';
}
