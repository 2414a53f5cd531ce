import { z } from 'zod';
import { channelsOf, tell } from '../../../jobs/alert-channels.ts';
import { toAppError } from '../../errors.ts';
import { AlertChannel } from '../../model/alert.ts';
import { readAlertSettings } from '../../store/alerts.ts';
import { route } from '../route.ts';

export default route({
  method: 'POST',
  path: '/api/alert-settings/test',
  summary: 'Send a test alert to every channel that is set, and say what became of it',
  tag: 'Alerts',
  may: 'administer',
  action: 'alerts.test',
  answer: z.object({
    channels: z.array(
      z.object({ channel: AlertChannel, ok: z.boolean(), message: z.string(), action: z.string() }),
    ),
  }),
  handle: async ({ tenant, parts, audit, actor }) => {
    const settings = await readAlertSettings(parts.store.pool, parts.store.keys, tenant);
    const notice = {
      id: '0',
      kind: 'run_failed' as const,
      subject: 'test',
      title: 'A test from Segment Sync',
      message: `${actor.name} asked for it. Nothing is wrong.`,
      action: 'Nothing.',
      path: '/settings',
      since: new Date(),
      endedAt: null,
    };
    const channels = [];
    for (const channel of channelsOf(settings)) {
      try {
        await tell(parts, tenant, settings, channel, notice);
        channels.push({ channel, ok: true, message: 'Delivered.', action: '' });
      } catch (error) {
        const { message, action } = toAppError(error);
        channels.push({ channel, ok: false, message, action });
      }
    }
    audit({ subject: 'alerts', after: { tested: channels.map(({ channel, ok }) => ({ channel, ok })) } });
    return { channels };
  },
});
