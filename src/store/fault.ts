import { AppError, StoreError, toAppError } from '../errors.ts';

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

/** What the driver says of a connection that is lost, or that it didn't get: it has no code for that. */
const LOST = [
  'Connection terminated',
  'Client has encountered a connection error',
  'timeout exceeded when trying to connect',
];

/** Somebody else held a lock for longer than `lock_timeout`. */
export function isLockTimeout(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '55P03';
}

/** A table, a column or the whole schema went between two reads: looked up anew, what is there is found. */
export function isChangedMeanwhile(error: unknown): boolean {
  for (const at of within(error)) if (/^(42P01|42703|3F000)$/.test(codeOf(at))) return true;
  return false;
}

/** The database's own fault behind an error, as an error to try again; null where it is something else. */
export function toStoreFault(error: unknown): StoreError | null {
  for (const at of within(error)) {
    // What we have named ourselves is not named again, and a TypeError is of a call to another system (fetch).
    if ((at instanceof AppError && at.code !== 'unexpected') || at instanceof TypeError) return null;
    const code = LOST.some((words) => at.message.startsWith(words)) ? '08006' : codeOf(at);
    const known = FAULTS.find(([pattern]) => pattern.test(code));
    if (known) {
      const [, name, message, action] = known;
      return new StoreError(name, message, { action, retryable: true, cause: error });
    }
  }
  return null;
}

const codeOf = (error: Error): string =>
  'code' in error && typeof error.code === 'string' ? error.code : '';

/** An error and what is behind it; of a transaction whose rollback failed too, what failed first. */
function* within(error: unknown): Generator<Error> {
  for (
    let at: unknown = error;
    at instanceof Error;
    at = at instanceof AggregateError ? at.errors[0] : at.cause
  )
    yield at;
}

/** Turns anything thrown by work on the store into an AppError: its own faults pass, what nobody expected does not. */
export const toKnownError = (error: unknown): AppError => toStoreFault(error) ?? toAppError(error);
