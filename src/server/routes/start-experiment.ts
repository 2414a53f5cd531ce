import { z } from 'zod';
import { startExperiment } from '../../pipeline/review/experiments.ts';
import { Experiment } from '../../review/experiment.ts';
import { route } from '../route.ts';
import { SamplePlanAnswer } from './plan-experiment.ts';

export default route({
  method: 'POST',
  path: '/api/experiments',
  summary: 'Leave a share of a segment out of its play from now on, to compare both parts later',
  tag: 'Experiments',
  may: 'approve',
  action: 'experiment.begin',
  startsWork: true,
  status: 201,
  body: Experiment.extend({
    evenIfSmall: z.boolean().default(false).describe('Start although a difference may not show'),
  }),
  answer: SamplePlanAnswer,
  handle: async ({ body, tenant, actor, parts }) => {
    const { evenIfSmall, ...experiment } = body;
    const plan = await startExperiment(parts.store.pool, tenant, experiment, {
      at: new Date(),
      by: actor.name,
      evenIfSmall,
    });
    return plan;
  },
});
