import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { RateLimitError, RemoteError } from '../src/errors.ts';

/**
 * The only retry of HTTP calls. Statuses: HubSpot's own list (docs/api-reference/error-handling) and the usual
 * ones of proxies; 423 is a lock that lasts 2 s, 477 a migration that names its end in Retry-After.
 */
export const RETRY = {
  attempts: 5,
  statuses: new Set([408, 423, 425, 429, 477, 500, 502, 503, 504, 521, 523, 524]),
  /** Methods that HTTP itself calls idempotent; a POST is repeated blindly only where the caller vouches for it. */
  idempotentMethods: new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']),
  backoff: { firstMs: 500, factor: 2, maxMs: 8_000 },
  /** A lock at HubSpot lasts two seconds. */
  leastMs: new Map([[423, 2_000]]),
  /** A longer wait is handed back as RateLimitError, so that a worker sleeps in the queue and not in a call. */
  longestWaitMs: 12_000,
  /** No header makes us wait longer than this. */
  retryAfterCapMs: 24 * 3_600_000,
} as const;

/**
 * Milliseconds that a Retry-After header asks for: seconds, or an HTTP date, capped at a day. Undefined for what
 * is neither (junk, negative, empty), so that the caller falls back to its own backoff.
 */
export function retryAfterMs(header: string | null | undefined, now: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(text)) return Math.min(Number(text) * 1_000, RETRY.retryAfterCapMs);
  // Date.parse reads "-1" and "abc 5" as years; an HTTP date has a weekday, a day, a month and a time.
  if (!/^[A-Za-z]{3,9},? .*\d{2}:\d{2}:\d{2}/.test(text)) return undefined;
  const at = Date.parse(text);
  if (Number.isNaN(at)) return undefined;
  return Math.min(Math.max(0, at - now), RETRY.retryAfterCapMs);
}

/** Exponential, with full jitter over its upper half: `random` in [0, 1). `attempt` counts from 1. */
export function backoffMs(attempt: number, random: number): number {
  const { firstMs, factor, maxMs } = RETRY.backoff;
  const ceiling = Math.min(firstMs * factor ** (attempt - 1), maxMs);
  return ceiling / 2 + (ceiling / 2) * random;
}

export type RetryOptions = {
  /** For the log line: method and path, never a token. */
  label: string;
  /** May the call be repeated although an earlier try may have taken effect? */
  idempotent: boolean;
  /** Has what failed been tried again already? */
  isFinal?: (error: unknown) => boolean;
  signal: AbortSignal;
  log: Pick<Logger, 'warn'>;
  random?: () => number;
  wait?: (ms: number, signal: AbortSignal) => Promise<unknown>;
};

const waitFor = (ms: number, signal: AbortSignal) => sleep(ms, undefined, { signal });

/**
 * Runs `attempt` until it succeeds, fails for good, or five tries are over. Retried: RateLimitError and retryable
 * RemoteError; a timeout is one of these, a deliberate abort is not. An unknown outcome is repeated only where
 * that is harmless.
 */
export async function retry<T>(attempt: (n: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { signal, log, label, random = Math.random, wait = waitFor } = options;
  for (let n = 1; ; n += 1) {
    signal.throwIfAborted();
    try {
      return await attempt(n);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const delayMs = options.isFinal?.(error)
        ? undefined
        : delayBeforeNext(error, n, options.idempotent, random());
      if (delayMs === undefined) throw error;
      const status = error instanceof RemoteError ? error.status : 429;
      log.warn(
        { call: label, attempt: n, delayMs: Math.round(delayMs), status },
        'call failed, trying again',
      );
      await wait(delayMs, signal).catch((interrupted: unknown) => {
        throw signal.aborted ? signal.reason : interrupted;
      });
    }
  }
}

/** Undefined: do not try again. */
function delayBeforeNext(error: unknown, n: number, idempotent: boolean, random: number): number | undefined {
  if (n >= RETRY.attempts) return undefined;
  const backoff = backoffMs(n, random);
  if (error instanceof RateLimitError) {
    const delayMs = Math.max(error.retryAfterMs, backoff);
    return delayMs > RETRY.longestWaitMs ? undefined : delayMs;
  }
  if (!(error instanceof RemoteError) || !error.retryable) return undefined;
  if (error.outcomeUnknown && !idempotent) return undefined;
  return Math.max(backoff, RETRY.leastMs.get(error.status) ?? 0);
}
