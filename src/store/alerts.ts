import { z } from 'zod';
import { AlertChannel, AlertKind, AlertSettings, type Incident } from '../model/alert.ts';
import type { Pool, Queryable } from './pool.ts';
import { alertSecret, type Keyring, seal, unseal } from './secrets.ts';
import type { Tenant } from './tenant.ts';

export const Alert = z.object({
  id: z.string(),
  kind: AlertKind,
  subject: z.string(),
  title: z.string(),
  message: z.string(),
  action: z.string(),
  path: z.string(),
  since: z.date(),
  endedAt: z.date().nullable(),
  /** Channels that were told of its beginning, and of its end. */
  told: z.array(AlertChannel),
  toldEnd: z.array(AlertChannel),
});
export type Alert = z.infer<typeof Alert>;

const COLUMNS = `id, kind, subject, title, message, action, path, since, ended_at as "endedAt", told,
  told_end as "toldEnd"`;

/**
 * Makes the open alerts those of `incidents`: new ones are opened, those that go on keep their beginning, and all
 * others have ended. Safe to do twice at once.
 */
export async function saveIncidents(
  pool: Pool,
  tenant: Pick<Tenant, 'id'>,
  incidents: readonly Incident[],
  at: Date,
): Promise<void> {
  await pool.query(
    `with now_open as (
       select * from jsonb_to_recordset($2::jsonb)
         as i (kind text, subject text, title text, message text, action text, path text)
     ), ended as (
       update app.alert a set ended_at = $3
       where a.tenant_id = $1 and a.ended_at is null
         and not exists (select from now_open n where n.kind = a.kind and n.subject = a.subject)
     )
     insert into app.alert (tenant_id, kind, subject, title, message, action, path, since)
     select $1, kind, subject, title, message, action, path, $3 from now_open
     on conflict (tenant_id, kind, subject) where ended_at is null do update
       set title = excluded.title, message = excluded.message, action = excluded.action, path = excluded.path`,
    [tenant.id, JSON.stringify(incidents), at],
  );
}

/** Those that a channel has not been told of: begun or ended within the last day. */
export async function untoldAlerts(
  db: Queryable,
  tenant: Pick<Tenant, 'id'>,
  channels: readonly AlertChannel[],
): Promise<Alert[]> {
  const { rows } = await db.query(
    `select ${COLUMNS} from app.alert
     where tenant_id = $1
       and ((ended_at is null and not told @> $2::text[] and since > now() - interval '1 day')
         or (ended_at > now() - interval '1 day' and told <> '{}' and not told_end @> told))
     order by id limit 100`,
    [tenant.id, channels],
  );
  return rows.map((row) => Alert.parse(row));
}

/** Notes that a channel was told, so that it is not told again. */
export async function noteTold(
  db: Queryable,
  alert: Pick<Alert, 'id'>,
  channel: AlertChannel,
  what: 'begun' | 'ended',
): Promise<void> {
  const column = what === 'begun' ? 'told' : 'told_end';
  await db.query(
    `update app.alert set ${column} = array_append(array_remove(${column}, $2::text), $2::text) where id = $1`,
    [alert.id, channel],
  );
}

/** Newest first. */
export async function listAlerts(
  db: Queryable,
  tenant: Pick<Tenant, 'id'>,
  page: { after: string | null; limit: number; open: boolean | null },
): Promise<Alert[]> {
  const { rows } = await db.query(
    `select ${COLUMNS} from app.alert
     where tenant_id = $1 and ($2::bigint is null or id < $2) and ($4::boolean is null or (ended_at is null) = $4)
     order by id desc limit $3`,
    [tenant.id, page.after, page.limit, page.open],
  );
  return rows.map((row) => Alert.parse(row));
}

export async function readAlertSettings(
  db: Queryable,
  keys: Keyring,
  tenant: Pick<Tenant, 'id'>,
): Promise<AlertSettings> {
  const { rows } = await db.query<{ sealed: Buffer }>(
    'select sealed from app.alert_setting where tenant_id = $1',
    [tenant.id],
  );
  const sealed = rows[0]?.sealed;
  if (sealed === undefined) return AlertSettings.parse({});
  return AlertSettings.parse(JSON.parse(unseal(keys, alertSecret(tenant.id), sealed)));
}

export async function writeAlertSettings(
  db: Queryable,
  keys: Keyring,
  tenant: Pick<Tenant, 'id'>,
  settings: AlertSettings,
): Promise<void> {
  await db.query(
    `insert into app.alert_setting (tenant_id, sealed) values ($1, $2)
     on conflict (tenant_id) do update set sealed = excluded.sealed`,
    [tenant.id, seal(keys, alertSecret(tenant.id), JSON.stringify(settings))],
  );
}
