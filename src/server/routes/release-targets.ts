import { z } from 'zod';
import { releaseTargets } from '../../pipeline/publish/release.ts';
import { route } from '../route.ts';

/** Targets by id, or all that are held. */
export const WhichTargets = z.union([
  z.literal('all'),
  z
    .array(z.string().regex(/^t\d{1,9}$/, 'a target, such as t12'))
    .min(1)
    .max(500),
]);

export default route({
  method: 'POST',
  path: '/api/targets/release',
  summary: 'Let held targets be written, from the next run on; paused ones only by their id',
  tag: 'Waiting',
  may: 'approve',
  action: 'target.release',
  body: z.strictObject({ targets: WhichTargets }),
  answer: z.object({ released: z.array(z.string()) }),
  handle: async ({ body, tenant, actor, parts, audit }) => {
    const released = (await releaseTargets(parts.store.pool, tenant, body.targets, actor.name)).map(
      ({ id }) => id,
    );
    audit({ subject: released.join(' ') || 'none', after: { state: 'live' } });
    return { released };
  },
});
