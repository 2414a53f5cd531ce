import { type DestinationStream, type Logger, pino } from 'pino';
import { describeError, withoutAddresses } from './logged-error.ts';

/**
 * The program's logger: JSON lines on standard error, so that standard output stays for answers. Secrets and
 * personal data never reach it: errors lose the values in them, known names are redacted, and no line holds an e-mail
 * address.
 */
export function createLog(options: { level: string; stream?: DestinationStream }): Logger {
  return pino(
    {
      level: options.level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: [
          '*.accessToken',
          '*.refreshToken',
          '*.clientSecret',
          '*.authorization',
          '*.email',
          'email',
          'headers',
        ],
        censor: '[redacted]',
      },
      serializers: { err: describeError },
      hooks: { streamWrite: withoutAddresses },
    },
    options.stream ?? pino.destination({ fd: 2, sync: true }),
  );
}
