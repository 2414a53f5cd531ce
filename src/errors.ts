/** What every error of ours carries besides its message. */
type ErrorOptions = {
  /** What the reader can do, as one sentence: "Reconnect HubSpot under Connections". */
  action: string;
  /** May the same call succeed later with nothing changed by a person? */
  retryable?: boolean;
  /** The other system's own words in the message. They may hold a customer's values, so the log goes without. */
  said?: string | undefined;
  cause?: unknown;
};

/**
 * The base of all errors that a user may see. The class says who must act; `message` says what happened and
 * what is safe; `action` says what to do.
 */
export class AppError extends Error {
  readonly code: string;
  readonly action: string;
  readonly retryable: boolean;
  readonly said: string;

  constructor(code: string, message: string, options: ErrorOptions) {
    super(message, { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.action = options.action;
    this.retryable = options.retryable ?? false;
    this.said = options.said ?? '';
  }
}

/** The installation is set up wrongly: an environment variable, the store's folder, a key. */
export class ConfigError extends AppError {}

/** A person gave us something we can't use: a definition, a file, an option. Nothing was changed. */
export class InputError extends AppError {}

/** Nobody is signed in, or their session or token has ended. */
export class SignInError extends AppError {}

/** Whoever asks may not do this. Nothing was changed. */
export class PermissionError extends AppError {}

/** There is no such thing here, or not for whoever asks. */
export class NotFoundError extends AppError {}

/** Somebody else changed it meanwhile, or it is not in a state for this. Nothing was changed. */
export class ConflictError extends AppError {}

/** The CRM no longer accepts our token. The connection needs a person. */
export class AuthError extends AppError {}

/** A CRM answered with an error, with something unreadable, or not at all. */
export class RemoteError extends AppError {
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;
  /** True where the CRM may have carried out the request although we saw no good answer. */
  readonly outcomeUnknown: boolean;

  constructor(
    code: string,
    message: string,
    options: ErrorOptions & { status: number; outcomeUnknown?: boolean },
  ) {
    super(code, message, options);
    this.status = options.status;
    this.outcomeUnknown = options.outcomeUnknown ?? false;
  }
}

/** The CRM, or our own budget, asks us to wait. */
export class RateLimitError extends AppError {
  /** Milliseconds to wait before the next try. */
  readonly retryAfterMs: number;

  constructor(code: string, message: string, options: ErrorOptions & { retryAfterMs: number }) {
    super(code, message, { retryable: true, ...options });
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Another process or an older run lost its right to write. Nothing was written. */
export class FenceError extends AppError {}

/** Our own store can't do it just now. Nothing of it was saved, and it may go well in a moment. */
export class StoreError extends AppError {}

/** Turns anything thrown into an AppError, keeping the original as cause. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new AppError('unexpected', message, {
    action: 'Try again; if it stays, report it with the log line of this time.',
    cause: error,
  });
}
