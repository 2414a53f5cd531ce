import { putForward } from '../../pipeline/publish/drafts.ts';
import { SetParams } from '../definition-schema.ts';
import { requiredTag } from '../if-match.ts';
import { route } from '../route.ts';

export default route({
  method: 'POST',
  path: '/api/segmentations/:key/propose',
  summary: 'Ask a second person to publish the draft',
  tag: 'Segment sets',
  may: 'edit',
  needsTag: true,
  action: 'segmentation.propose',
  params: SetParams,
  handle: async ({ params, tenant, parts, audit, request }) => {
    const draft = await putForward(parts.store.pool, tenant, params.key, requiredTag(request));
    audit({ subject: params.key, after: { savedBy: draft.savedBy } });
  },
});
