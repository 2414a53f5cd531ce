import { discardDraft } from '../../pipeline/publish/drafts.ts';
import { SetParams } from '../definition-schema.ts';
import { requiredTag } from '../if-match.ts';
import { route } from '../route.ts';

export default route({
  method: 'DELETE',
  path: '/api/segmentations/:key/draft',
  summary: 'Throw the draft away; what is in force stays',
  tag: 'Segment sets',
  may: 'edit',
  needsTag: true,
  action: 'segmentation.discard',
  params: SetParams,
  handle: async ({ params, tenant, parts, audit, request }) => {
    const draft = await discardDraft(parts.store.pool, tenant, params.key, requiredTag(request));
    audit({ subject: params.key, before: draft.definition });
  },
});
