import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { backoffMs, RETRY, retry, retryAfterMs } from '../../connectors/retry.ts';
import { AuthError, RateLimitError, RemoteError } from '../../src/errors.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const log = pino({ level: 'silent' });

describe('retryAfterMs', () => {
  it.each([
    ['seconds', '3', 3_000],
    ['zero', '0', 0],
    ['fractions', '1.5', 1_500],
    ['a date', 'Sat, 21 Nov 2026 12:00:30 GMT', 30_000],
    ['a date that is past', 'Sat, 21 Nov 2026 11:00:00 GMT', 0],
    ['a huge number: at most a day', '99999999999', 86_400_000],
    ['a date far away: at most a day', 'Sat, 21 Nov 2099 11:00:00 GMT', 86_400_000],
    ['a negative number', '-1', undefined],
    ['junk', 'abc', undefined],
    ['junk that begins like a number', '10 minutes', undefined],
    ['nothing', '', undefined],
    ['no header', null, undefined],
  ])('reads %s', (_name, header, expected) => {
    expect(retryAfterMs(header, NOW)).toBe(expected);
  });
});

const failing = (errors: Error[], options: { idempotent?: boolean; signal?: AbortSignal } = {}) => {
  const waits: number[] = [];
  let tries = 0;
  const result = retry(
    async () => {
      tries += 1;
      const error = errors.shift();
      if (error) throw error;
      return 'answer';
    },
    {
      label: 'GET /x',
      idempotent: options.idempotent ?? true,
      signal: options.signal ?? new AbortController().signal,
      log,
      random: () => 0.5,
      wait: async (ms) => void waits.push(ms),
    },
  );
  return { result, waits, tries: () => tries };
};

const remote = (status: number, more: { retryable?: boolean; outcomeUnknown?: boolean } = {}) =>
  new RemoteError('x', 'x', { status, retryable: true, action: 'x', ...more });
const limited = (retryAfterMs: number) => new RateLimitError('x', 'x', { retryAfterMs, action: 'x' });

describe('retry', () => {
  it('backs off exponentially with jitter, up to a ceiling', () => {
    expect([1, 2, 3].map((attempt) => backoffMs(attempt, 0))).toEqual([250, 500, 1_000]);
    expect(backoffMs(1, 1)).toBe(RETRY.backoff.firstMs);
    expect(backoffMs(50, 1)).toBe(RETRY.backoff.maxMs);
  });

  it('tries again until there is an answer', async () => {
    const { result, waits } = failing([remote(503), remote(0)]);
    await expect(result).resolves.toBe('answer');
    expect(waits).toEqual([375, 750]);
  });

  it('gives up after the last attempt with the last error', async () => {
    const { result, tries } = failing(Array.from({ length: 9 }, () => remote(502)));
    await expect(result).rejects.toMatchObject({ status: 502 });
    expect(tries()).toBe(RETRY.attempts);
  });

  it('waits at least as long as it is told to', async () => {
    const { result, waits } = failing([limited(7_000)]);
    await expect(result).resolves.toBe('answer');
    expect(waits).toEqual([7_000]);
  });

  it('waits two seconds for a lock', async () => {
    const { result, waits } = failing([remote(423)]);
    await result;
    expect(waits).toEqual([2_000]);
  });

  it('hands a long wait back instead of sleeping', async () => {
    const { result, waits } = failing([limited(3_600_000)]);
    await expect(result).rejects.toMatchObject({ retryAfterMs: 3_600_000 });
    expect(waits).toEqual([]);
  });

  it.each([
    ['a refusal', remote(400, { retryable: false })],
    ['a dead token', new AuthError('x', 'x', { action: 'x' })],
    ['a defect of ours', new TypeError('x')],
  ])('does not repeat %s', async (_name, error) => {
    const { result, tries } = failing([error]);
    await expect(result).rejects.toBe(error);
    expect(tries()).toBe(1);
  });

  it('does not repeat a write whose outcome is unknown unless that is harmless', async () => {
    const blind = failing([remote(502, { outcomeUnknown: true })], { idempotent: false });
    await expect(blind.result).rejects.toMatchObject({ outcomeUnknown: true });
    expect(blind.tries()).toBe(1);
    await expect(failing([remote(502, { outcomeUnknown: true })]).result).resolves.toBe('answer');
    const neverSent = failing([remote(0)], { idempotent: false });
    await expect(neverSent.result).resolves.toBe('answer');
  });

  it('stops at once when the caller gives up', async () => {
    const controller = new AbortController();
    controller.abort(new Error('shut down'));
    const { result, tries } = failing([], { signal: controller.signal });
    await expect(result).rejects.toThrow('shut down');
    expect(tries()).toBe(0);
  });
});
