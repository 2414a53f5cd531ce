import type { Prepared, PrepareTarget } from '../contract.ts';

/** What a person has to do before a target can be written. */
export const needsYou = (
  target: PrepareTarget,
  message: string,
  action: string,
  bundle?: Record<string, string>,
): Prepared => ({
  id: target.id,
  state: 'needs_you',
  remote: target.remote,
  message,
  action,
  ...(bundle !== undefined && { bundle }),
});
