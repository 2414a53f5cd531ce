import { z } from 'zod';
import { AlertKind, type AlertSettings } from '../../model/alert.ts';
import { readAlertSettings } from '../../store/alerts.ts';
import { route } from '../route.ts';

/** An incoming webhook's address is its password: only its host is shown. */
const Kept = z.object({ host: z.string() }).nullable();

export const AlertSettingsAnswer = z.object({
  emails: z.array(z.string()),
  slack: Kept,
  webhook: Kept,
  kinds: z.array(AlertKind),
  refusalShare: z.number(),
  refusalLeast: z.number(),
  /** Whether this installation can send mail at all. */
  mailIsSet: z.boolean(),
});

export function shownSettings(
  settings: AlertSettings,
  mailIsSet: boolean,
): z.output<typeof AlertSettingsAnswer> {
  const { slackUrl, webhookUrl, ...rest } = settings;
  const host = (url: string | null) => (url === null ? null : { host: new URL(url).host });
  return { ...rest, slack: host(slackUrl), webhook: host(webhookUrl), mailIsSet };
}

export default route({
  method: 'GET',
  path: '/api/alert-settings',
  summary: 'Where alerts go, and which',
  tag: 'Alerts',
  may: 'administer',
  answer: AlertSettingsAnswer,
  handle: async ({ tenant, parts }) =>
    shownSettings(
      await readAlertSettings(parts.store.pool, parts.store.keys, tenant),
      parts.config.mail.smtpUrl !== undefined,
    ),
});
