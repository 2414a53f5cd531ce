import { z } from 'zod';
import { Key } from '../../model/attribute.ts';
import { stopExperiment } from '../../pipeline/review/experiments.ts';
import { route } from '../route.ts';

export default route({
  method: 'POST',
  path: '/api/experiments/:key/stop',
  summary: 'End an experiment: nobody is left out any more; before its horizon there is no verdict',
  tag: 'Experiments',
  may: 'approve',
  action: 'experiment.end',
  params: z.strictObject({ key: Key }),
  handle: async ({ params, tenant, actor, parts }) => {
    await stopExperiment(parts.store.pool, tenant, params.key, { at: new Date(), by: actor.name });
  },
});
