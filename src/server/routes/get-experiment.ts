import { z } from 'zod';
import { Key } from '../../model/attribute.ts';
import { readExperiment } from '../../pipeline/review/experiments.ts';
import { Instant, route } from '../route.ts';
import { ExperimentAnswer } from './list-experiments.ts';

export default route({
  method: 'GET',
  path: '/api/experiments/:key',
  summary: 'Where an experiment stands: sizes at any time, the comparison once it may be told',
  tag: 'Experiments',
  may: 'read',
  params: z.strictObject({ key: Key }),
  answer: ExperimentAnswer.extend({
    result: z.object({
      treated: z.number(),
      holdout: z.number(),
      /** Did the parts get the sizes that were planned? */
      ratio: z.object({ pValue: z.number(), mismatch: z.boolean() }).nullable(),
      ends: Instant,
      verdict: z.enum(['early', 'mismatch', 'too_few', 'better', 'worse', 'no_difference']),
      test: z
        .object({
          treatedRate: z.number(),
          holdoutRate: z.number(),
          /** Treated minus held out, with its 95 % interval. */
          difference: z.number(),
          low: z.number(),
          high: z.number(),
          lift: z.number().nullable(),
          pValue: z.number(),
          tooFew: z.boolean(),
        })
        .nullable(),
      sequential: z
        .object({
          events: z.number(),
          pValue: z.number(),
          ratio: z.number().nullable(),
          low: z.number().nullable(),
          high: z.number().nullable(),
        })
        .nullable(),
    }),
  }),
  handle: ({ params, tenant, parts }) => readExperiment(parts.store.pool, tenant, params.key, new Date()),
});
