import { findIncidents } from '../src/pipeline/alerts.ts';
import { noteTold, readAlertSettings, saveIncidents, untoldAlerts } from '../src/store/alerts.ts';
import { releaseLease, takeLease } from '../src/store/lease.ts';
import { migrateTenant } from '../src/store/tenant.ts';
import { channelsOf, tell } from './alert-channels.ts';
import type { JobQueue } from './backend.ts';
import type { JobContext } from './index.ts';

/** A mail server and two webhooks that don't answer take less. */
const LEASE_MS = 120_000;

/**
 * Every few minutes and after each run: what is wrong now is written down, and each channel is told once of what has
 * begun and once of what has ended.
 */
export async function alerts(payload: { tenantId: string }, context: JobContext) {
  const { pool, notify } = context;
  if (!notify) return undefined;
  const tenant = await migrateTenant(pool, payload.tenantId);
  // One at a time, or two would tell of the same.
  const lease = await takeLease(pool, tenant, {
    name: 'alerts',
    holder: `${process.pid}/${performance.now()}`,
    lengthMs: LEASE_MS,
  });
  if (!lease) return undefined;
  try {
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
          context.log.warn({ err: error, tenant: tenant.id, channel }, 'an alert was not delivered');
        }
      }
    }
  } finally {
    await releaseLease(pool, tenant, lease);
  }
  return undefined;
}

/** Soon, once for all who ask within the same moment. */
export async function queueAlerts(queue: JobQueue, tenantId: string): Promise<void> {
  await queue.add('alerts', { tenantId }, { jobId: `${tenantId}-alerts`, delay: 500 });
}
