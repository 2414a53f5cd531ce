import { z } from 'zod';
import type { ObjectType } from '../../src/model/record.ts';
import type { Context, Json, TargetKind } from '../contract.ts';
import { PROPERTY_GROUP } from './app.ts';
import { API_VERSION, call, isNotFound } from './client.ts';
import type { HubSpotConfig } from './config.ts';
import { listPath } from './lists.ts';
import { isOurs, propertyPath, readProperty } from './properties.ts';
import { ListRemote, PropertyRemote } from './remotes.ts';

/**
 * Takes the app out of the account. `nothing` deletes the lists and properties that we made, with their values;
 * `values` leaves them. Says what was done and what stays.
 */
export async function uninstallHubSpot(
  context: Context<HubSpotConfig>,
  options: {
    keep: 'values' | 'nothing';
    remotes: { kind: TargetKind; object: ObjectType; remote: Json }[];
  },
): Promise<{ done: string[]; stays: string[] }> {
  const done: string[] = [];
  const stays: string[] = [];
  const lists = options.remotes.flatMap(({ remote }) => ListRemote.safeParse(remote).data ?? []);
  const properties = options.remotes.flatMap(({ object, remote }) => {
    const parsed = PropertyRemote.safeParse(remote);
    return parsed.success ? [{ object, name: parsed.data.property }] : [];
  });
  if (options.keep === 'values') {
    stays.push(...lists.map(({ name }) => `list "${name}"`));
    stays.push(...properties.map(({ object, name }) => `${object} property ${name}`));
  } else {
    // Lists filter on properties: a property in use can't go.
    for (const { listId, name } of lists) {
      if (await removed(context, listPath(`/${listId}`))) done.push(`list "${name}" deleted`);
    }
    for (const { object, name } of properties) {
      const property = await readProperty(context, object, name);
      if (property === null) continue;
      if (!isOurs(property)) stays.push(`${object} property ${name}, which no longer carries our mark`);
      else if (await removed(context, propertyPath(object, `/${name}`)))
        done.push(`${object} property ${name} deleted`);
    }
    for (const object of new Set(properties.map((property) => property.object))) {
      if (!stays.some((line) => line.startsWith(object)))
        await removed(context, propertyPath(object, `/groups/${PROPERTY_GROUP.name}`));
    }
  }
  await removed(context, `/appinstalls/${API_VERSION}/external-install`);
  done.push('app removed from the account');
  return { done, stays };
}

/** False where it was not there. */
async function removed(context: Context<HubSpotConfig>, path: string): Promise<boolean> {
  try {
    await call(context, { method: 'DELETE', path, write: true, rows: 1 }, z.unknown());
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}
