import { z } from 'zod';
import { forgetValues } from '../../store/ledger.ts';
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
      await forgetValues(parts.store.pool, tenant, 'pin', { connectionId, object }, [row]);
    audit({
      subject: body.pins
        .map(({ key, targetId }) => `${key} ${targetId}`)
        .join(', ')
        .slice(0, 500),
    });
  },
});
