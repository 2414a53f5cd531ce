import { z } from 'zod';
import { readChecked } from '../../pipeline/publish/draft-check.ts';
import { readDesk } from '../../pipeline/publish/drafts.ts';
import { expectChanges } from '../../views/expected-changes.ts';
import { SetParams } from '../definition-schema.ts';
import { route } from '../route.ts';

export default route({
  method: 'POST',
  path: '/api/segmentations/:key/expect',
  summary:
    'How many labels of the draft would change in a month by itself, worked out before there is a history',
  tag: 'Segment sets',
  may: 'read',
  asks: true,
  params: SetParams,
  answer: z.object({
    days: z.number(),
    subjects: z.number(),
    changed: z.number(),
    perSubjectAndMonth: z.number().nullable(),
    segments: z.array(z.object({ segment: z.string(), entered: z.number(), left: z.number() })),
  }),
  handle: async ({ params, tenant, parts }) => {
    const { pool } = parts.store;
    const { newest, draft } = await readDesk(pool, tenant, params.key);
    const definition = await readChecked(pool, tenant, draft?.definition ?? newest?.definition);
    return expectChanges(pool, tenant, definition, { asOf: new Date() });
  },
});
