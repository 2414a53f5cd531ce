import { z } from 'zod';
import { publishDraft } from '../../pipeline/publish/drafts.ts';
import { SetParams } from '../definition-schema.ts';
import { requiredTag } from '../if-match.ts';
import { route } from '../route.ts';

export default route({
  method: 'POST',
  path: '/api/segmentations/:key/publish',
  summary:
    'Publish the draft as the next version; its targets wait for a person unless the policy says otherwise',
  tag: 'Segment sets',
  may: 'approve',
  needsTag: true,
  action: 'segmentation.publish',
  params: SetParams,
  answer: z.object({
    change: z.enum(['new', 'changed', 'unchanged']),
    version: z.number(),
    held: z.number().describe('Targets that now wait for a person'),
  }),
  handle: async ({ params, tenant, actor, parts, audit, request }) => {
    const { applied, desk } = await publishDraft(parts.store.pool, tenant, params.key, {
      tag: requiredTag(request),
      by: actor.name,
    });
    audit({
      subject: params.key,
      before: { version: desk.newest?.version ?? null },
      after: { version: applied.version, savedBy: desk.draft?.savedBy, held: applied.held },
    });
    const { change, version, held } = applied;
    return { change, version, held };
  },
});
