import { z } from 'zod';
import { checkOutboundUrl } from '../../../jobs/alert-outbound.ts';
import { AlertKind, AlertSettings } from '../../model/alert.ts';
import { readAlertSettings, writeAlertSettings } from '../../store/alerts.ts';
import { route } from '../route.ts';
import { AlertSettingsAnswer, shownSettings } from './get-alert-settings.ts';

const Address = z.string().max(2_000).nullable().optional();

export default route({
  method: 'PUT',
  path: '/api/alert-settings',
  summary: 'Say where alerts go, and which',
  tag: 'Alerts',
  may: 'administer',
  action: 'alerts.change',
  body: z.strictObject({
    emails: z.array(z.email().max(254)).max(20),
    slackUrl: Address.describe('Left out: as it is. Null: none'),
    webhookUrl: Address.describe('Left out: as it is. Null: none'),
    kinds: z.array(AlertKind),
    refusalShare: z.number().min(0).max(1),
    refusalLeast: z.number().int().min(1).max(1_000_000),
  }),
  answer: AlertSettingsAnswer,
  handle: async ({ body, tenant, parts, audit }) => {
    const { pool, keys } = parts.store;
    const mailIsSet = parts.config.mail.smtpUrl !== undefined;
    for (const url of [body.slackUrl, body.webhookUrl])
      if (typeof url === 'string') checkOutboundUrl(url, parts.config.alertsToPrivate);
    const before = await readAlertSettings(pool, keys, tenant);
    const after = AlertSettings.parse({
      ...body,
      slackUrl: body.slackUrl === undefined ? before.slackUrl : body.slackUrl,
      webhookUrl: body.webhookUrl === undefined ? before.webhookUrl : body.webhookUrl,
    });
    await writeAlertSettings(pool, keys, tenant, after);
    const shown = shownSettings(after, mailIsSet);
    audit({ subject: 'alerts', before: shownSettings(before, mailIsSet), after: shown });
    return shown;
  },
});
