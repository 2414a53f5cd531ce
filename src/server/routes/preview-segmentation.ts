import { z } from 'zod';
import { checkGiven } from '../../pipeline/publish/draft-check.ts';
import { definitionInvalid } from '../../segmentation/parse.ts';
import { livePreview } from '../../views/live-preview.ts';
import { DefinitionGiven } from '../definition-schema.ts';
import { route } from '../route.ts';

const Finding = z.object({
  mistake: z.string(),
  title: z.string(),
  evidence: z.array(z.string()),
  places: z
    .array(z.array(z.union([z.string(), z.number()])))
    .describe('Where each sentence points in the definition; empty for the set as a whole'),
  action: z.string().nullable(),
});

export default route({
  method: 'POST',
  path: '/api/segmentations/preview',
  summary:
    'How large segments would be, what each rule keeps and drops, and a few members; nothing is stored',
  tag: 'Segment sets',
  may: 'read',
  asks: true,
  body: z.strictObject({
    definition: DefinitionGiven,
    samples: z.number().int().min(0).max(20).default(5).describe('Members named per segment'),
  }),
  answer: z.object({
    total: z.number().describe('People or companies in the store; about so many where they are sampled'),
    counted: z.number().describe('How many were looked at; sizes are estimates where they are fewer'),
    subjects: z.number().describe('Those that may be profiled'),
    unlabelled: z.number(),
    segments: z.array(
      z.object({
        segment: z.string(),
        size: z.number(),
        share: z.number(),
        needs: z.array(z.string()).describe('Attributes that nothing feeds, by name'),
        passedOver: z
          .array(z.string())
          .describe('The same where the other conditions tell who is in it, without those'),
        rules: z.array(
          z.object({ rule: z.string(), kept: z.number(), dropped: z.number(), unknown: z.number() }),
        ),
        samples: z.array(z.string()),
      }),
    ),
    findings: z.array(Finding),
  }),
  handle: async ({ body, tenant, parts }) => {
    const { pool } = parts.store;
    const { definitions, problems } = await checkGiven(pool, tenant, { definition: body.definition });
    const [definition] = definitions;
    if (problems.length > 0 || definition === undefined) throw definitionInvalid(problems);
    return livePreview(pool, tenant, definition, { asOf: new Date(), samples: body.samples });
  },
});
