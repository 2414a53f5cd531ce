import { findIncidents } from '../src/pipeline/alerts.ts';
import { withLeases } from '../src/pipeline/with-leases.ts';
import { noteTold, readAlertSettings, saveIncidents, untoldAlerts } from '../src/store/alerts.ts';
import { migrateTenant, type Tenant } from '../src/store/tenant.ts';
import { channelsOf, tell } from './alert-channels.ts';
import type { JobQueue } from './backend.ts';
import type { JobContext } from './index.ts';

/**
 * Every few minutes and after each run: what is wrong now is written down, and each channel is told once of what has
 * begun and once of what has ended.
 */
export async function alerts(
  payload: { tenantId: string },
  context: Pick<JobContext, 'pool' | 'notify' | 'log'>,
) {
  const { pool, notify, log } = context;
  if (!notify) return undefined;
  const tenant = await migrateTenant(pool, payload.tenantId);
  // One at a time, or two would tell of the same.
  await withLeases({ pool, tenant, log }, ['alerts'], () => lookAndTell(context, notify, tenant));
  return undefined;
}

async function lookAndTell(
  { pool, log }: Pick<JobContext, 'pool' | 'log'>,
  notify: NonNullable<JobContext['notify']>,
  tenant: Tenant,
): Promise<void> {
  const settings = await readAlertSettings(pool, notify.keys, tenant);
  await saveIncidents(pool, tenant, await findIncidents(pool, tenant, settings), new Date());
  const channels = channelsOf(settings);
  for (const alert of await untoldAlerts(pool, tenant, channels)) {
    if (!settings.kinds.includes(alert.kind)) continue;
    const due = channels.filter((channel) =>
      alert.endedAt === null
        ? !alert.told.includes(channel)
        : alert.told.includes(channel) && !alert.toldEnd.includes(channel),
    );
    for (const channel of due) {
      try {
        await tell(notify, tenant, settings, channel, alert);
        await noteTold(pool, alert, channel, alert.endedAt === null ? 'begun' : 'ended');
      } catch (error) {
        // The other channels are told; this one again at the next look, for a day.
        log.warn({ err: error, tenant: tenant.id, channel }, 'an alert was not delivered');
      }
    }
  }
}

/** Soon, once for all who ask within the same moment. */
export async function queueAlerts(queue: JobQueue, tenantId: string): Promise<void> {
  await queue.add('alerts', { tenantId }, { jobId: `${tenantId}-alerts`, delay: 500 });
}
