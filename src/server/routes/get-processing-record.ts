import { z } from 'zod';
import { processingRecord } from '../../privacy/record.ts';
import { Instant, route } from '../route.ts';
import { BasisAnswer } from './get-privacy.ts';

const Named = z.object({ key: z.string(), name: z.string() });

const Activity = Named.extend({
  goal: z.string().nullable(),
  purpose: z.string().nullable(),
  lawfulBasis: z.string().nullable(),
  use: z.string(),
  /** Price, credit or access depend on it: a person decides. */
  needsPerson: z.boolean(),
  responsible: z.string().nullable(),
  decidedBy: z.string().nullable(),
  inForceSince: Instant.nullable(),
  version: z.number(),
  method: z.string(),
  subjects: z.enum(['people', 'companies']),
  segments: z.array(Named),
  attributes: z.array(z.object({ name: z.string(), kind: z.string(), sensitivity: z.string() })),
  sensitive: z.array(
    z.object({
      attribute: z.string(),
      why: z.enum(['sensitive', 'minors']),
      basis: BasisAnswer.nullable(),
    }),
  ),
  recipients: z.array(
    z.object({
      connection: z.string(),
      system: z.string(),
      kind: z.string(),
      segment: z.string().nullable(),
      state: z.string(),
    }),
  ),
  erasedSinceLearning: z.number(),
  warnings: z.array(z.object({ code: z.string(), message: z.string(), action: z.string() })),
});

export default route({
  method: 'GET',
  path: '/api/privacy/record',
  summary:
    'The record of processing activities (GDPR article 30): each segment set, why, with what, where to',
  tag: 'Privacy',
  may: 'read',
  answer: z.object({
    madeAt: Instant,
    controller: z.string(),
    sources: z.array(z.object({ connection: z.string(), system: z.string(), mode: z.string() })),
    retention: z.array(z.object({ what: z.string(), howLong: z.string() })),
    gates: z.array(z.string()),
    activities: z.array(Activity),
  }),
  handle: ({ tenant, parts }) => processingRecord(parts.store.pool, tenant, new Date()),
});
