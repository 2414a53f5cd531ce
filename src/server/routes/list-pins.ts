import { z } from 'zod';
import { listPinned } from '../../views/waiting.ts';
import { packKey, RecordTargetKey, unpackKey } from '../keyset.ts';
import { Instant, PageQuery, pageOf, route } from '../route.ts';
import { WriteAnswer } from '../write-answer.ts';

export default route({
  method: 'GET',
  path: '/api/pins',
  summary: 'Values that people set by hand in a CRM, which are left alone',
  tag: 'Waiting',
  may: 'read',
  query: PageQuery,
  answer: pageOf(
    WriteAnswer.omit({ before: true, after: true }).extend({
      value: z.array(z.string()),
      until: Instant.nullable(),
      seenAt: Instant,
    }),
  ),
  handle: async ({ query, tenant, parts }) => {
    const rows = await listPinned(parts.store.pool, tenant, {
      asOf: new Date(),
      after: unpackKey(RecordTargetKey, query.after),
      limit: query.limit + 1,
    });
    const items = rows.slice(0, query.limit);
    const last = items.at(-1);
    const next =
      rows.length > query.limit && last
        ? packKey({
            connectionId: last.connectionId,
            object: last.object,
            key: last.record,
            targetId: last.target,
          })
        : null;
    return { items, next };
  },
});
