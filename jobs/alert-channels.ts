import type { Logger } from 'pino';
import type { Config } from '../src/config.ts';
import { RemoteError } from '../src/errors.ts';
import { sendMail } from '../src/mail.ts';
import type { AlertChannel, AlertSettings } from '../src/model/alert.ts';
import type { Alert } from '../src/store/alerts.ts';
import type { Tenant } from '../src/store/tenant.ts';
import { postOutbound } from './alert-outbound.ts';

/** What telling somebody needs besides the alert. */
export type Sender = { config: Config; publicUrl: string; log: Logger };

export type Notice = Pick<
  Alert,
  'id' | 'kind' | 'subject' | 'title' | 'message' | 'action' | 'path' | 'since' | 'endedAt'
>;

export function channelsOf(settings: AlertSettings): AlertChannel[] {
  return [
    ...(settings.emails.length > 0 ? (['email'] as const) : []),
    ...(settings.slackUrl === null ? [] : (['slack'] as const)),
    ...(settings.webhookUrl === null ? [] : (['webhook'] as const)),
  ];
}

/** Tells one channel. @throws where it was not delivered; it is tried again with the next look */
export async function tell(
  sender: Sender,
  tenant: Pick<Tenant, 'id' | 'name'>,
  settings: AlertSettings,
  channel: AlertChannel,
  alert: Notice,
): Promise<void> {
  const url = sender.publicUrl + alert.path;
  const hasEnded = alert.endedAt !== null;
  const title = hasEnded ? `Over: ${alert.title}` : alert.title;
  const lines = hasEnded
    ? [`This has ended. It began ${wordsOf(alert.since)}.`]
    : [alert.message, `What to do: ${alert.action}`, `Since ${wordsOf(alert.since)}.`];
  switch (channel) {
    case 'email': {
      const text = [...lines, url, `Segment Sync, ${tenant.name}`].join('\n\n');
      let taken = 0;
      for (const to of settings.emails) if (await sendMail(sender, { to, subject: title, text })) taken += 1;
      // Where one address is refused the others have it: they are not told again for its sake.
      if (taken === 0) throw notMailed();
      return;
    }
    case 'slack':
      await postOutbound(
        settings.slackUrl ?? '',
        { text: [`*${forSlack(title)}*`, ...lines.map(forSlack), `<${url}>`].join('\n') },
        sender.config.alertsToPrivate,
      );
      return;
    case 'webhook': {
      const { id, kind, subject, message, action, since, endedAt } = alert;
      await postOutbound(
        settings.webhookUrl ?? '',
        {
          event: hasEnded ? 'alert.ended' : 'alert.begun',
          tenant: tenant.id,
          alert: { id, kind, subject, title: alert.title, message, action, since, ended_at: endedAt, url },
        },
        sender.config.alertsToPrivate,
      );
    }
  }
}

const wordsOf = (at: Date): string => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** https://docs.slack.dev/messaging/formatting-message-text: the three that have a meaning. */
const forSlack = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const notMailed = () =>
  new RemoteError('alert_not_delivered', 'The mail server did not take the alert, or none is set.', {
    status: 0,
    action: 'Set SMTP_URL, and see the log for what the server says.',
  });
