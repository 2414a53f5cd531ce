import { type DestinationStream, type Logger, pino } from 'pino';

/**
 * The program's logger: JSON lines on standard error, so that standard output stays for answers. Secrets and
 * personal data never reach it: errors are reduced to code and message, and known names are redacted.
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
    },
    options.stream ?? pino.destination({ fd: 2, sync: true }),
  );
}

/** An error for the log: its kind, code, message and causes. No fields of it that may hold a request. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return {
    type: error.name,
    code,
    message: error.message,
    stack: error.stack,
    cause: error.cause === undefined ? undefined : describeError(error.cause),
  };
}
