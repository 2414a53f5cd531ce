import { z } from 'zod';
import { ObjectType } from '../../model/record.ts';
import { readQuality } from '../../pipeline/review/quality.ts';
import { Instant, route } from '../route.ts';
import { FixAnswer } from './get-review.ts';

export default route({
  method: 'GET',
  path: '/api/quality',
  summary: 'How good the data is: records, attributes, and what to mend first',
  tag: 'Quality',
  may: 'read',
  answer: z.object({
    asOf: Instant,
    records: z.array(
      z.object({
        connection: z.string(),
        name: z.string(),
        object: ObjectType,
        records: z.number(),
        subjects: z.number(),
        duplicates: z.number(),
        recordsPerSubject: z.number().nullable(),
      }),
    ),
    attributes: z.array(
      z.object({
        connection: z.string(),
        object: ObjectType,
        attribute: z.string(),
        name: z.string(),
        property: z.string(),
        records: z.number(),
        known: z.number(),
        knownShare: z.number().nullable(),
        invalid: z.number(),
        validShare: z.number().nullable(),
        /** Of the known values, those of records that changed within a year. */
        freshShare: z.number().nullable(),
        problem: z.string().nullable(),
      }),
    ),
    fixes: z.array(FixAnswer),
  }),
  handle: ({ tenant, parts }) => readQuality(parts.store.pool, tenant, new Date()),
});
