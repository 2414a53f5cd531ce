import { z } from 'zod';
import { InputError } from '../../errors.ts';
import { QuietHours } from '../../model/policy.ts';
import { updateTenant } from '../../store/tenant.ts';
import { route } from '../route.ts';

export default route({
  method: 'PUT',
  path: '/api/quiet-hours',
  summary: 'Between which times of day nothing is written into a CRM; null for never',
  tag: 'Schedules',
  may: 'edit',
  action: 'quiet_hours.change',
  body: z.strictObject({ quietHours: QuietHours.nullable() }),
  answer: z.object({ quietHours: QuietHours.nullable() }),
  handle: async ({ body, tenant, parts, audit }) => {
    const { quietHours } = body;
    if (quietHours && quietHours.from === quietHours.to) {
      throw new InputError(
        'quiet_always',
        'Quiet hours that begin and end at one time would never let anything be written. Nothing was changed.',
        { action: 'Choose two different times, or no quiet hours.' },
      );
    }
    await updateTenant(parts.store.pool, tenant.id, { policy: { ...tenant.policy, quietHours } });
    audit({ subject: 'quiet hours', before: tenant.policy.quietHours, after: quietHours });
    return { quietHours };
  },
});
