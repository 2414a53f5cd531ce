import { z } from 'zod';
import { InputError } from '../../errors.ts';
import { checkGiven } from '../../pipeline/publish/draft-check.ts';
import { mayNotPublish, saveDraft } from '../../pipeline/publish/drafts.ts';
import { definitionInvalid } from '../../segmentation/parse.ts';
import { DefinitionGiven, SetParams, TextGiven } from '../definition-schema.ts';
import { requiredTag } from '../if-match.ts';
import { route } from '../route.ts';
import { Desk, deskAnswer } from './get-segmentation.ts';

export default route({
  method: 'PUT',
  path: '/api/segmentations/:key/draft',
  summary: 'Save the draft of the next version; refused where somebody else saved meanwhile',
  tag: 'Segment sets',
  may: 'edit',
  needsTag: true,
  action: 'segmentation.save',
  params: SetParams,
  body: z.union([
    z.strictObject({ definition: DefinitionGiven }),
    z.strictObject({ text: TextGiven.describe('YAML or JSON') }),
  ]),
  answer: Desk,
  handle: async ({ params, body, tenant, actor, parts, audit, request, response }) => {
    const tag = requiredTag(request);
    const { pool } = parts.store;
    const { definitions, problems } = await checkGiven(pool, tenant, body);
    const [definition, ...more] = definitions;
    if (problems.length > 0 || definition === undefined) throw definitionInvalid(problems);
    if (more.length > 0 || definition.key !== params.key) {
      throw new InputError(
        'key_fixed',
        `This is the draft of ${params.key}; its key is permanent. Nothing was changed.`,
        { action: `Write one definition with "key: ${params.key}", or begin a new segment set.` },
      );
    }
    const desk = await saveDraft(pool, tenant, definition, { tag, by: actor.name });
    audit({ subject: params.key, after: definition });
    const answer = deskAnswer(desk, desk.draft !== null && mayNotPublish(tenant, desk.draft, actor.name));
    response.setHeader('etag', answer.tag);
    return answer;
  },
});
