import { z } from 'zod';
import { stopTargets } from '../../pipeline/publish/release.ts';
import { route } from '../route.ts';
import { WhichTargets } from './release-targets.ts';

export default route({
  method: 'POST',
  path: '/api/targets/stop',
  summary: 'Hold targets, or pause them until they are released by id; what the CRM shows stays',
  tag: 'Waiting',
  may: 'approve',
  action: 'target.stop',
  body: z.strictObject({ targets: WhichTargets, state: z.enum(['held', 'paused']) }),
  answer: z.object({ stopped: z.number() }),
  handle: async ({ body, tenant, actor, parts, audit }) => {
    const stopped = await stopTargets(parts.store.pool, tenant, body.targets, body.state, actor.name);
    audit({
      subject: body.targets === 'all' ? 'all' : body.targets.join(' '),
      after: { state: body.state, stopped },
    });
    return { stopped };
  },
});
