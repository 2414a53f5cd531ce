import { z } from 'zod';
import { planExperiment } from '../../pipeline/review/experiments.ts';
import { Experiment } from '../../review/experiment.ts';
import { route } from '../route.ts';

export const SamplePlanAnswer = z.object({
  perArm: z.number(),
  /** Members that the segment needs. */
  needed: z.number(),
  members: z.number(),
  enough: z.boolean(),
});

export default route({
  method: 'POST',
  path: '/api/experiments/plan',
  summary: 'How many members an experiment needs, and whether the segment has them; starts nothing',
  tag: 'Experiments',
  may: 'read',
  asks: true,
  body: Experiment,
  answer: SamplePlanAnswer,
  handle: ({ body, tenant, parts }) => planExperiment(parts.store.pool, tenant, body, new Date()),
});
