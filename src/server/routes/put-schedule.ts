import { z } from 'zod';
import { checkTiming, rebuildQueue } from '../../../jobs/schedules.ts';
import { listSchedules, putSchedule, Timing } from '../../store/schedules.ts';
import { route } from '../route.ts';
import { ScheduleAnswer, scheduleAnswer } from './list-schedules.ts';

export const ScheduleParams = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9_]{0,39}$/, 'up to 40 of a-z, 0-9 and _'),
});

export default route({
  method: 'PUT',
  path: '/api/schedules/:id',
  summary: 'Set when runs start, or pause it',
  tag: 'Schedules',
  may: 'edit',
  action: 'schedule.put',
  params: ScheduleParams,
  body: z.strictObject({ timing: Timing, paused: z.boolean().default(false) }),
  answer: ScheduleAnswer,
  handle: async ({ params, body, tenant, parts, audit }) => {
    const { pool } = parts.store;
    checkTiming(body.timing);
    const before = (await listSchedules(pool, tenant)).find(({ id }) => id === params.id);
    const schedule = { id: params.id, job: 'run' as const, ...body };
    await putSchedule(pool, tenant, schedule);
    await rebuildQueue({ pool, queue: parts.backend.queue, log: parts.log });
    audit({
      subject: params.id,
      ...(before && { before: { timing: before.timing, paused: before.paused } }),
      after: body,
    });
    return scheduleAnswer(schedule);
  },
});
