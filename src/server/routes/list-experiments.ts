import { z } from 'zod';
import { Experiment } from '../../review/experiment.ts';
import { listExperiments } from '../../store/experiments.ts';
import { Instant, route } from '../route.ts';

export const ExperimentAnswer = z.object({
  experiment: Experiment,
  state: z.enum(['running', 'ended', 'stopped']),
  startedAt: Instant,
  startedBy: z.string(),
  endedAt: Instant.nullable(),
});

export default route({
  method: 'GET',
  path: '/api/experiments',
  summary: 'Experiments, newest first',
  tag: 'Experiments',
  may: 'read',
  query: z.strictObject({ segmentation: z.string().max(60).optional() }),
  answer: z.object({ items: z.array(ExperimentAnswer) }),
  handle: async ({ query, tenant, parts }) => ({
    items: (await listExperiments(parts.store.pool, tenant)).filter(
      ({ experiment }) => query.segmentation === undefined || experiment.segmentation === query.segmentation,
    ),
  }),
});
