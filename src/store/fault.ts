import { AppError, toAppError } from '../errors.ts';

/**
 * Faults of the database that are no fault of the statement, by the beginning of their SQLSTATE (or the system's
 * own code). All may pass, so what was under way is tried again.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const FAULTS: [code: RegExp, name: string, message: string, action: string][] = [
  [
    /^(53100|ENOSPC)/,
    'disk_full',
    'The disk that holds the store is full. What was saved is safe; nothing more is saved until there is room.',
    'Free space on that disk, or move DATA_DIR to a larger one; the work then goes on by itself.',
  ],
  [
    /^(53|57P03)/,
    'database_busy',
    'The database has no room for another connection or statement just now.',
    'Nothing to do: we try again. If it stays, raise its max_connections or memory.',
  ],
  [
    /^(08|57P0[12]|ECONN|EPIPE|ETIMEDOUT)/,
    'database_away',
    'The connection to the database was lost. What was committed is safe.',
    'Nothing to do: we try again. If it stays, check that the server at DATABASE_URL is up.',
  ],
  [
    /^(40|55P03|57014)/,
    'database_conflict',
    'Another statement held what this one needed. Nothing of this one was saved.',
    'Nothing to do: we try again.',
  ],
];

/** Somebody else held a lock for longer than `lock_timeout`. */
export function isLockTimeout(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '55P03';
}

/** The database's own fault behind an error, as an AppError to try again; null where it is something else. */
export function toStoreFault(error: unknown): AppError | null {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const code = 'code' in at && typeof at.code === 'string' ? at.code : '';
    // What we have named ourselves is not named again.
    if (at instanceof AppError && code !== 'unexpected') return null;
    const known = FAULTS.find(([pattern]) => pattern.test(code));
    if (known) {
      const [, name, message, action] = known;
      return new AppError(name, message, { action, retryable: true, cause: error });
    }
  }
  return null;
}

/** Turns anything thrown by work on the store into an AppError: its own faults pass, what nobody expected does not. */
export const toKnownError = (error: unknown): AppError => toStoreFault(error) ?? toAppError(error);
