import { DateTime } from 'luxon';
import type { Json } from '../../../connectors/contract.ts';
import type { Tenant } from '../../store/tenant.ts';
import type { SliceResult } from '../stage.ts';

/** When the quiet hours that `now` is in end; null where nothing keeps us from writing. */
export function quietUntil({ policy, zone }: Pick<Tenant, 'policy' | 'zone'>, now: Date): Date | null {
  if (!policy.quietHours) return null;
  const { from, to } = policy.quietHours;
  const local = DateTime.fromJSDate(now, { zone });
  const clock = local.toFormat('HH:mm');
  const isQuiet = from < to ? clock >= from && clock < to : clock >= from || clock < to;
  if (!isQuiet) return null;
  const [hour, minute] = to.split(':').map(Number);
  const end = local.set({ hour: hour ?? 0, minute: minute ?? 0, second: 0, millisecond: 0 });
  return (end <= local ? end.plus({ days: 1 }) : end).toJSDate();
}

/** Looks again by then at the latest: the hours may be changed meanwhile. */
const LOOK_MS = 5 * 60_000;

export function waitForQuiet(until: Date, { zone }: Pick<Tenant, 'zone'>, position: Json): SliceResult {
  const time = DateTime.fromJSDate(until, { zone }).toFormat('HH:mm');
  return {
    position,
    done: false,
    counts: {},
    waitMs: Math.min(until.getTime() - Date.now(), LOOK_MS),
    because: {
      code: 'quiet_hours',
      message: `These are quiet hours: nothing is written until ${time}. All labels are worked out.`,
      action: 'Nothing to do: it goes on by itself. Change the quiet hours under Schedules to write now.',
    },
  };
}
