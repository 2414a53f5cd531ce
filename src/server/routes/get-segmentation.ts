import { z } from 'zod';
import { asYaml } from '../../pipeline/publish/draft-check.ts';
import { mayNotPublish, readDesk, tagOf } from '../../pipeline/publish/drafts.ts';
import { newestModels } from '../../store/models.ts';
import { versionsOf } from '../../store/segmentations.ts';
import { listTargets } from '../../store/targets.ts';
import { modelNotes } from '../../views/model-notes.ts';
import { DefinitionAnswer, SetParams } from '../definition-schema.ts';
import { Instant, route } from '../route.ts';

export const Desk = z.object({
  key: z.string(),
  state: z.enum(['draft', 'published', 'retired']),
  /** What people go on with: the draft, else the version in force. */
  definition: DefinitionAnswer,
  yaml: z.string(),
  published: DefinitionAnswer.nullable(),
  version: z.number().nullable(),
  draft: z.object({ savedAt: Instant, savedBy: z.string(), proposedAt: Instant.nullable() }).nullable(),
  /** Why whoever asks may not publish the draft, by the company's policy. */
  needsSecondPerson: z.boolean(),
  tag: z.string().describe('Send it as If-Match when you save or publish'),
});

export default route({
  method: 'GET',
  path: '/api/segmentations/:key',
  summary: 'One segment set: its definition, draft, versions and what it learned',
  tag: 'Segment sets',
  may: 'read',
  params: SetParams,
  answer: Desk.extend({
    versions: z.array(
      z.object({
        version: z.number(),
        state: z.enum(['draft', 'published', 'replaced', 'retired']),
        publishedAt: Instant.nullable(),
        publishedBy: z.string().nullable(),
      }),
    ),
    model: z
      .object({ learnedAt: Instant, warnings: z.array(z.string()), nobodyBecause: z.string().nullable() })
      .nullable(),
    held: z.number(),
  }),
  handle: async ({ params, tenant, actor, parts, response }) => {
    const { pool } = parts.store;
    const desk = await readDesk(pool, tenant, params.key);
    const learned = (await newestModels(pool, tenant)).get(params.key);
    const targets = await listTargets(pool, tenant, { segmentation: params.key });
    response.setHeader('etag', tagOf(desk));
    const answer = deskAnswer(desk, desk.draft !== null && mayNotPublish(tenant, desk.draft, actor.name));
    return {
      ...answer,
      versions: await versionsOf(pool, tenant, params.key),
      model: learned
        ? {
            learnedAt: learned.learnedAt,
            ...(await modelNotes(pool, tenant, answer.definition, learned.model, new Date())),
          }
        : null,
      held: targets.filter(({ state }) => state === 'held').length,
    };
  },
});

/** A desk as it is answered by every endpoint that reads or changes one. */
export function deskAnswer(
  desk: Awaited<ReturnType<typeof readDesk>>,
  needsSecondPerson: boolean,
): z.input<typeof Desk> {
  const { newest, draft } = desk;
  const definition = draft?.definition ?? newest?.definition;
  if (definition === undefined) throw new Error('a desk has a draft or a version');
  return {
    key: definition.key,
    state: newest === null ? 'draft' : newest.state === 'retired' ? 'retired' : 'published',
    definition,
    yaml: asYaml(definition),
    published: newest?.state === 'published' ? newest.definition : null,
    version: newest?.version ?? null,
    draft,
    needsSecondPerson,
    tag: tagOf(desk),
  };
}
