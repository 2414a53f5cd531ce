import type { WebhookEvent } from '../../connectors/contract.ts';
import type { ObjectType, Scalar } from '../model/record.ts';
import { noteDirtyRecords } from '../store/dirty.ts';
import type { Pool } from '../store/pool.ts';
import { getTenant, type Tenant } from '../store/tenant.ts';
import {
  type AccountConnection,
  connectionsOfAccounts,
  knownValues,
  noteErasures,
} from '../store/webhook-notes.ts';
import { Shown } from './push/desired.ts';
import { decodeShown, isSameShown } from './push/shown-values.ts';

/** What events led to, by tenant: somebody has to read again, or to erase. */
export type Noticed = { tenant: Tenant; records: number; erasures: number };

/**
 * Takes down what a CRM tells, in any order and however often: records to be read again, contacts to be erased.
 * Everything is committed when this resolves. Accounts that nobody connected are left out, and so is what we wrote
 * ourselves: our own property with a value that the ledger knows.
 */
export async function noticeEvents(
  pool: Pool,
  system: string,
  events: readonly WebhookEvent[],
): Promise<Noticed[]> {
  const accounts = [...new Set(events.map(({ accountId }) => accountId))];
  if (accounts.length === 0) return [];
  const noticed = new Map<string, Noticed>();
  for (const connection of await connectionsOfAccounts(pool, system, accounts)) {
    const tenant = noticed.get(connection.tenantId)?.tenant ?? (await getTenant(pool, connection.tenantId));
    const before = noticed.get(tenant.id) ?? { tenant, records: 0, erasures: 0 };
    const own = events.filter(({ accountId }) => accountId === connection.accountId);
    const records = await noteChanges(pool, tenant, connection, own);
    const erasures = await noteErased(pool, tenant, connection, own);
    noticed.set(tenant.id, {
      tenant,
      records: before.records + records,
      erasures: before.erasures + erasures,
    });
  }
  return [...noticed.values()].filter(({ records, erasures }) => records + erasures > 0);
}

async function noteChanges(
  pool: Pool,
  tenant: Tenant,
  connection: AccountConnection,
  events: readonly WebhookEvent[],
): Promise<number> {
  const changes = events.filter(({ what }) => what === 'changed');
  let noted = 0;
  for (const object of new Set(changes.map((event) => event.object))) {
    const news = await withoutEchoes(
      pool,
      tenant,
      connection.id,
      object,
      changes.filter((event) => event.object === object),
    );
    const ids = [...new Set(news.flatMap((event) => event.ids))];
    if (ids.length === 0) continue;
    await noteDirtyRecords(pool, tenant, { connectionId: connection.id, object, ids });
    noted += ids.length;
  }
  return noted;
}

async function noteErased(
  pool: Pool,
  tenant: Tenant,
  connection: AccountConnection,
  events: readonly WebhookEvent[],
): Promise<number> {
  const ids = [...new Set(events.filter(({ what }) => what === 'erased').flatMap((event) => event.ids))];
  if (ids.length > 0) await noteErasures(pool, tenant, connection.id, ids);
  return ids.length;
}

async function withoutEchoes(
  pool: Pool,
  tenant: Tenant,
  connectionId: string,
  object: ObjectType,
  events: WebhookEvent[],
): Promise<WebhookEvent[]> {
  const named = events.filter(({ property }) => property !== null);
  if (named.length === 0) return events;
  const ours = await knownValues(pool, tenant, {
    connectionId,
    object,
    properties: [...new Set(named.flatMap(({ property }) => property?.name ?? []))],
    keys: [...new Set(named.flatMap(({ ids }) => ids))],
  });
  if (ours.length === 0) return events;
  const known = new Map(ours.map((one) => [`${one.property} ${one.key}`, one]));
  return events.filter(({ property, ids }) => {
    const one = property === null ? undefined : known.get(`${property.name} ${ids[0]}`);
    if (property === null || one === undefined) return true;
    return one.compared && !isOneOf(property.value, one.values);
  });
}

function isOneOf(value: Scalar, values: readonly unknown[]): boolean {
  const seen = decodeShown(value);
  return values.some((value) => {
    const shown = Shown.safeParse(value);
    return isSameShown(seen, shown.success ? shown.data : null);
  });
}
