import { z } from 'zod';
import { ownCallsADay, readBudgets } from '../../../jobs/budgets.ts';
import { describeTiming, nextTimes } from '../../../jobs/schedules.ts';
import { listConnections } from '../../store/connections.ts';
import { listSchedules, type Schedule, Timing } from '../../store/schedules.ts';
import { BudgetAnswer } from '../budget-answer.ts';
import { Instant, route } from '../route.ts';

export const ScheduleAnswer = z.object({
  id: z.string(),
  timing: Timing,
  words: z.string(),
  paused: z.boolean(),
  next: z.array(Instant),
});

export const scheduleAnswer = ({ id, timing, paused }: Schedule): z.input<typeof ScheduleAnswer> => ({
  id,
  timing,
  words: describeTiming(timing),
  paused,
  next: nextTimes(timing, new Date(), 5),
});

export default route({
  method: 'GET',
  path: '/api/schedules',
  summary: 'When runs start, quiet hours, and the calls that each connection may make',
  tag: 'Schedules',
  may: 'read',
  answer: z.object({
    schedules: z.array(ScheduleAnswer),
    zone: z.string(),
    /** Nothing is written into a CRM between these times of day, in the tenant's zone. */
    quietHours: z.object({ from: z.string(), to: z.string() }).nullable(),
    connections: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        system: z.string(),
        callsADay: z.number().nullable(),
        budgets: z.array(BudgetAnswer),
      }),
    ),
  }),
  handle: async ({ tenant, parts }) => {
    const { pool } = parts.store;
    const schedules = await listSchedules(pool, tenant);
    const connections = await listConnections(pool, tenant);
    return {
      schedules: schedules.filter(({ job }) => job === 'run').map(scheduleAnswer),
      zone: tenant.zone,
      quietHours: tenant.policy.quietHours,
      connections: await Promise.all(
        connections.map(async (connection) => ({
          id: connection.id,
          name: connection.name,
          system: connection.system,
          callsADay: await ownCallsADay(pool, connection.id),
          budgets: await readBudgets(pool, connection),
        })),
      ),
    };
  },
});
