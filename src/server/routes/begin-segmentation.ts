import { z } from 'zod';
import { InputError } from '../../errors.ts';
import { checkGiven } from '../../pipeline/publish/draft-check.ts';
import { beginDrafts } from '../../pipeline/publish/drafts.ts';
import { templateDefinitions } from '../../pipeline/publish/template-files.ts';
import { definitionInvalid } from '../../segmentation/parse.ts';
import { DefinitionGiven, TextGiven } from '../definition-schema.ts';
import { route } from '../route.ts';

export default route({
  method: 'POST',
  path: '/api/segmentations',
  summary: 'Begin drafts: from a template, from YAML or JSON text, or from a definition',
  tag: 'Segment sets',
  may: 'edit',
  action: 'segmentation.begin',
  status: 201,
  body: z.strictObject({
    template: z.string().max(60).optional(),
    text: TextGiven.optional(),
    definition: DefinitionGiven.optional(),
  }),
  answer: z.object({ keys: z.array(z.string()) }),
  handle: async ({ body, tenant, actor, parts, audit }) => {
    const { pool } = parts.store;
    const given = Object.values(body).filter((value) => value !== undefined).length;
    if (given !== 1) {
      throw new InputError('source_unclear', 'Say where the draft comes from. Nothing was changed.', {
        action: 'Give one of template, text or definition.',
      });
    }
    const keys = await beginDrafts(pool, tenant, await definitionsOf(), actor.name);
    audit({ subject: keys.join(', '), after: { template: body.template } });
    return { keys };

    async function definitionsOf() {
      if (body.template !== undefined) return templateDefinitions([body.template]);
      const { definitions, problems } = await checkGiven(
        pool,
        tenant,
        body.text === undefined ? { definition: body.definition } : { text: body.text },
      );
      if (problems.length > 0) throw definitionInvalid(problems);
      return definitions;
    }
  },
});
