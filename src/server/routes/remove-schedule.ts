import { rebuildQueue } from '../../../jobs/schedules.ts';
import { NotFoundError } from '../../errors.ts';
import { removeSchedule } from '../../store/schedules.ts';
import { route } from '../route.ts';
import { ScheduleParams } from './put-schedule.ts';

export default route({
  method: 'DELETE',
  path: '/api/schedules/:id',
  summary: 'Remove a schedule; runs under way go on',
  tag: 'Schedules',
  may: 'edit',
  action: 'schedule.remove',
  params: ScheduleParams,
  handle: async ({ params, tenant, parts, audit }) => {
    const { pool } = parts.store;
    if (!(await removeSchedule(pool, tenant, params.id))) {
      throw new NotFoundError('schedule_unknown', `There is no schedule ${params.id}. Nothing was changed.`, {
        action: 'Look at the list of schedules again.',
      });
    }
    await rebuildQueue({ pool, queue: parts.backend.queue, log: parts.log });
    audit({ subject: params.id });
  },
});
