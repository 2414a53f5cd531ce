import { AppError, InputError } from '../errors.ts';

/** What a command ends with that gave up waiting: what it asked for is kept and goes on, so that it has not failed. */
export const STILL_WAITING = 3;

const MOST_MINUTES = 10_080;

export const WAIT_OPTION = [
  '--wait <minutes>',
  'give up where nothing has moved for so long, as while a CRM is down; as long as it takes, if left out',
] as const;

/** How long a command waits, in milliseconds. @throws InputError that names the option */
export function parseWait(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  const minutes = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (minutes > 0 && minutes <= MOST_MINUTES) return minutes * 60_000;
  throw new InputError('wait_invalid', `"${text}" is not a number of minutes up to ${MOST_MINUTES}.`, {
    action: 'Write a number above 0, such as --wait 15.',
  });
}

/**
 * Looks on while something waits. `moved` says how far it has come: while it stays the same, time runs.
 * @throws AppError `still_waiting` after `limitMs` with no move, with what it waits for
 */
export function createPatience(limitMs: number, now: () => number = () => performance.now()) {
  let last: string | undefined;
  let since = now();
  return (what: string, moved: string, waitsFor: { message: string } | null, action: string): void => {
    if (moved !== last) {
      last = moved;
      since = now();
    }
    if (waitsFor === null || now() - since < limitMs) return;
    throw new AppError(
      'still_waiting',
      `${what} still waits: ${waitsFor.message} What was done so far is kept.`,
      { action },
    );
  };
}
