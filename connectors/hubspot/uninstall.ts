import { z } from 'zod';
import { RemoteError } from '../../src/errors.ts';
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
      const refusal = await remove(context, listPath(`/${listId}`));
      if (refusal === null) done.push(`list "${name}" deleted`);
      else if (!isNotFound(refusal)) stays.push(`list "${name}" (${refusal.message})`);
    }
    for (const { object, name } of properties) {
      const property = await orRefusal(() => readProperty(context, object, name));
      if (property === null) continue;
      const line = `${object} property ${name}`;
      if (property instanceof RemoteError) stays.push(`${line} (${property.message})`);
      else if (!isOurs(property)) stays.push(`${line}, which no longer carries our mark`);
      else {
        const refusal = await remove(context, propertyPath(object, `/${name}`));
        if (refusal === null) done.push(`${line} deleted`);
        else if (!isNotFound(refusal)) stays.push(`${line} (${refusal.message})`);
      }
    }
    for (const object of new Set(properties.map((property) => property.object))) {
      if (!stays.some((line) => line.startsWith(object)))
        await remove(context, propertyPath(object, `/groups/${PROPERTY_GROUP.name}`));
    }
  }
  const refusal = await remove(context, `/appinstalls/${API_VERSION}/external-install`);
  if (refusal === null) done.push('app removed from the account');
  else stays.push(`the app itself, which an admin removes under Connected apps (${refusal.message})`);
  return { done, stays };
}

/** Null where it was removed, else why HubSpot does not do it. */
const remove = (context: Context<HubSpotConfig>, path: string): Promise<RemoteError | null> =>
  orRefusal(async () => {
    await call(context, { method: 'DELETE', path, write: true, rows: 1 }, z.unknown());
    return null;
  });

/**
 * What HubSpot refuses for good (a property that a workflow uses, a right that was taken away) is answered rather than
 * thrown: it must not keep the app in an account for ever.
 */
async function orRefusal<T>(run: () => Promise<T>): Promise<T | RemoteError> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof RemoteError && !error.retryable && error.status >= 400) return error;
    throw error;
  }
}
