import { createTransport } from 'nodemailer';
import type { Logger } from 'pino';
import type { Config } from './config.ts';

const ANSWER_MS = 10_000;

type Mail = { to: string; subject: string; text: string };

/**
 * Sends a mail as plain text. False where no mail server is set, or it did not take the mail: the log says why, and
 * whoever asked goes on without.
 */
export async function sendMail(
  { config, log }: { config: Pick<Config, 'mail'>; log: Logger },
  mail: Mail,
): Promise<boolean> {
  const { smtpUrl, from } = config.mail;
  if (smtpUrl === undefined) return false;
  const transport = createTransport({
    url: smtpUrl,
    connectionTimeout: ANSWER_MS,
    greetingTimeout: ANSWER_MS,
    socketTimeout: ANSWER_MS,
    // Nothing in a mail of ours is a file or an address to fetch.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    await transport.sendMail({ from, ...mail });
    return true;
  } catch (error) {
    log.error({ err: error }, 'a mail could not be sent');
    return false;
  } finally {
    transport.close();
  }
}
