import { z } from 'zod';
import { dropPins } from '../../store/sightings.ts';
import { RecordTargetKey } from '../keyset.ts';
import { route } from '../route.ts';

export default route({
  method: 'POST',
  path: '/api/pins/remove',
  summary: 'Let a value that somebody set by hand be written over again, from the next run on',
  tag: 'Waiting',
  may: 'approve',
  action: 'pin.remove',
  body: z.strictObject({ pins: z.array(RecordTargetKey).min(1).max(200) }),
  handle: async ({ body, tenant, parts, audit }) => {
    for (const { connectionId, object, ...row } of body.pins)
      await dropPins(parts.store.pool, tenant, { connectionId, object }, [row]);
    audit({
      subject: body.pins
        .map(({ key, targetId }) => `${key} ${targetId}`)
        .join(', ')
        .slice(0, 500),
    });
  },
});
