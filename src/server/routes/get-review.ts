import { z } from 'zod';
import { readReport } from '../../pipeline/review/report.ts';
import { CRITERIA } from '../../review/criteria.ts';
import { suggestionKinds } from '../../review/suggestions.ts';
import { Instant, route } from '../route.ts';

export const SuggestionAnswer = z.object({
  id: z.string(),
  kind: z.enum(suggestionKinds),
  segments: z.array(z.string()),
  evidence: z.array(z.string()),
  action: z.string(),
  template: z.string().optional(),
});

const Drift = z.object({
  psi: z.number(),
  pValue: z.number(),
  level: z.enum(['none', 'some', 'major']),
  smallSample: z.boolean(),
});

export const FixAnswer = z.object({
  kind: z.enum(['map', 'restore', 'fill', 'format']),
  attribute: z.string(),
  segments: z.array(z.string()),
  customers: z.number(),
  expectedMoves: z.number().nullable(),
  what: z.string(),
});

export default route({
  method: 'GET',
  path: '/api/segmentations/:key/review',
  summary: 'Is it a good segment set? Known mistakes, five criteria a segment, drift, losses, suggestions',
  tag: 'Quality',
  may: 'read',
  params: z.strictObject({ key: z.string().max(60) }),
  answer: z.object({
    segmentation: z.string(),
    version: z.number(),
    at: Instant,
    review: z.object({
      name: z.string(),
      subjects: z.number(),
      checks: z.array(
        z.object({
          mistake: z.string(),
          title: z.string(),
          made: z.boolean(),
          evidence: z.array(z.string()),
          action: z.string().nullable(),
        }),
      ),
      segments: z.array(
        z.object({
          segment: z.string(),
          name: z.string(),
          criteria: z.array(
            z.object({
              criterion: z.enum(CRITERIA),
              verdict: z.enum(['yes', 'partly', 'no', 'unknown']),
              value: z.number().nullable(),
              evidence: z.string(),
            }),
          ),
        }),
      ),
    }),
    overlap: z.object({
      coverage: z.number(),
      /** Those much alike. */
      pairs: z.array(
        z.object({
          a: z.string(),
          b: z.string(),
          both: z.number().nullable(),
          jaccard: z.number().nullable(),
          containment: z.number().nullable(),
          flagged: z.boolean(),
        }),
      ),
    }),
    history: z.object({
      from: Instant,
      to: Instant,
      memberDrift: Drift.nullable(),
      attributeDrift: z.array(
        Drift.extend({ attribute: z.string(), name: z.string(), since: Instant, adjusted: z.number() }),
      ),
      jitter: z.array(z.object({ version: z.number(), asOf: Instant, largest: z.number().nullable() })),
    }),
    losses: z.array(
      z.object({
        segment: z.string(),
        subjects: z.number(),
        /** Nobody can say whether the segment holds for them. */
        undecided: z.number(),
        missing: z.array(z.string()),
        missingNames: z.array(z.string()).describe('The same by their names for people'),
        attributes: z.array(z.object({ attribute: z.string(), name: z.string(), undecided: z.number() })),
      }),
    ),
    fixes: z.array(FixAnswer),
    suggestions: z.array(SuggestionAnswer),
    decisions: z.array(
      z.object({
        suggestion: z.object({ id: z.string(), action: z.string() }),
        decision: z.enum(['accepted', 'dismissed']),
        by: z.string(),
        at: Instant,
        note: z.string().nullable(),
      }),
    ),
  }),
  handle: ({ params, tenant, parts }) => readReport(parts.store.pool, tenant, params.key, new Date()),
});
