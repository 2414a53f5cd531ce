import { z } from 'zod';
import { AppError, AuthError, RemoteError } from '../../src/errors.ts';
import { ObjectType } from '../../src/model/record.ts';
import type { CheckItem, CheckNeeds, Context } from '../contract.ts';
import { API_VERSION, type Call, call, isUnknownAddress, unknownVersion } from './client.ts';
import type { HubSpotConfig } from './config.ts';
import { listPath } from './lists.ts';
import { HUBSPOT_OBJECTS } from './objects.ts';
import { noRoom } from './prepare.ts';
import { type HubSpotProperty, isCalculated, listProperties, propertyPath } from './properties.ts';
import { objectPath } from './reads.ts';
import { TASKS_PATH } from './tasks.ts';

const Account = z.object({
  portalId: z.coerce.number().int().positive(),
  companyCurrency: z.string().nullish(),
});

const good = (code: string, message: string): CheckItem => ({
  code,
  ok: true,
  level: 'error',
  message,
  action: '',
});

/** Names every right, property and limit that stands in the way, before anything is read or written. */
export async function checkHubSpot(context: Context<HubSpotConfig>, needs: CheckNeeds): Promise<CheckItem[]> {
  const account = await tried('account', 'error', async () => {
    const { portalId, companyCurrency } = await accountOf(context);
    return good(
      'account',
      `HubSpot account ${portalId}${companyCurrency ? `, currency ${companyCurrency}` : ''}.`,
    );
  });
  const items = [account];
  if (!account.ok) return items;
  for (const object of ObjectType.options) {
    items.push(...(await readable(context, object, needs.properties)));
    if (needs.write && object !== 'deal') items.push(...(await writable(context, object)));
  }
  if (needs.write)
    items.push(await probe(context, 'lists_write', 'warning', 'Lists can be written.', LISTS_PROBE));
  if (needs.tasks) items.push(await probe(context, 'tasks_write', 'warning', 'Can make tasks.', TASKS_PROBE));
  return items;
}

/** The account behind the token: portal id, home currency. */
export async function accountOf(context: Context<HubSpotConfig>): Promise<z.infer<typeof Account>> {
  const path = `/account-info/${API_VERSION}/details`;
  try {
    return (await call(context, { method: 'GET', path }, Account)).data;
  } catch (error) {
    if (error instanceof RemoteError && isUnknownAddress(error)) throw unknownVersion(error.status);
    throw error;
  }
}

/** Which account this is. */
export async function identifyHubSpot(
  context: Context<HubSpotConfig>,
): Promise<{ id: string; name: string }> {
  const { portalId } = await accountOf(context);
  return { id: String(portalId), name: `HubSpot account ${portalId}` };
}

/** Runs a check; what it throws becomes its line. What a later try may mend is thrown on. */
async function tried(
  code: string,
  level: CheckItem['level'],
  run: () => Promise<CheckItem>,
): Promise<CheckItem> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof AppError) || error.retryable) throw error;
    return { code, ok: false, level, message: error.message, action: error.action };
  }
}

async function readable(
  context: Context<HubSpotConfig>,
  object: ObjectType,
  needed: { object: ObjectType; name: string }[],
): Promise<CheckItem[]> {
  const { path } = HUBSPOT_OBJECTS[object];
  const records = await tried(`${path}_read`, 'error', async () => {
    await call(
      context,
      { method: 'GET', path: objectPath(object), query: { limit: 1 }, rows: 1 },
      z.unknown(),
    );
    return good(`${path}_read`, `Can read ${path}.`);
  });
  let properties: HubSpotProperty[] = [];
  const schema = await tried(`${path}_properties`, 'error', async () => {
    properties = await listProperties(context, object);
    return good(`${path}_properties`, `Can read the ${properties.length} properties of ${path}.`);
  });
  if (!schema.ok) return [records, schema];
  const names = new Set(properties.map(({ name }) => name));
  const missing = needed.filter((need) => need.object === object && !names.has(need.name));
  const lines = missing.map(
    ({ name }): CheckItem => ({
      code: 'property_missing',
      ok: false,
      level: 'warning',
      message: `HubSpot has no ${object} property "${name}". Segments that use it keep their labels as they are.`,
      action: 'Map another property, or make this one in HubSpot.',
    }),
  );
  const wanted = new Set(needed.filter((need) => need.object === object).map(({ name }) => name));
  const calculated = properties.filter((property) => wanted.has(property.name) && isCalculated(property));
  return [records, schema, ...calculatedLines(object, calculated), ...lines];
}

/** Nothing is wrong with them: people should know why a new value may take a day. */
function calculatedLines(object: ObjectType, properties: HubSpotProperty[]): CheckItem[] {
  if (properties.length === 0) return [];
  const names = properties.map(({ name }) => name).sort();
  return [
    good(
      `${HUBSPOT_OBJECTS[object].path}_calculated`,
      `HubSpot works out ${names.join(', ')} of a ${object} and does not say when: read again once a day.`,
    ),
  ];
}

async function writable(context: Context<HubSpotConfig>, object: ObjectType): Promise<CheckItem[]> {
  const { path } = HUBSPOT_OBJECTS[object];
  const empty = { inputs: [] };
  const items = [
    await probe(context, `${path}_write`, 'error', `Can write ${path}.`, {
      method: 'POST',
      path: objectPath(object, '/batch/update'),
      body: empty,
    }),
    await probe(context, `${path}_properties_write`, 'warning', `Can make properties of ${path}.`, {
      method: 'POST',
      path: propertyPath(object, '/batch/create'),
      body: empty,
    }),
  ];
  const full = await noRoom(context, object);
  if (full === null) return items;
  return [
    ...items,
    { code: 'property_limit', ok: false, level: 'warning', message: full[0], action: full[1] },
  ];
}

const TASKS_PROBE: Call = { method: 'POST', path: `${TASKS_PATH}/batch/create`, body: { inputs: [] } };
const LISTS_PROBE: Call = { method: 'PUT', path: listPath('/0/memberships/add'), body: [] };

/** A call that changes nothing: where the right is missing HubSpot says 403, else it complains of the empty body. */
async function probe(
  context: Context<HubSpotConfig>,
  code: string,
  level: CheckItem['level'],
  message: string,
  given: Call,
): Promise<CheckItem> {
  try {
    await call(context, { ...given, idempotent: true }, z.unknown());
  } catch (error) {
    if (error instanceof AuthError) throw error;
    const isRefused = error instanceof RemoteError && error.status === 403;
    if (isRefused) return { code, ok: false, level, message: error.message, action: error.action };
    if (!(error instanceof RemoteError) || error.retryable) throw error;
  }
  return good(code, message);
}
