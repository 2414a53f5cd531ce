import { z } from 'zod';
import { ownNew } from '../../views/reps.ts';
import { route, whole } from '../route.ts';
import { OwnListAnswer } from './list-own-at-risk.ts';

export default route({
  method: 'GET',
  path: '/api/my/new',
  summary: 'Customers whose CRM owner is the asker and who came into a segment lately',
  tag: 'My customers',
  may: 'read',
  query: z.strictObject({ limit: whole(1, 100).default(10), days: whole(1, 90).default(7) }),
  answer: OwnListAnswer,
  handle: ({ query, tenant, actor, parts }) =>
    ownNew(parts.store.pool, tenant, actor.name, new Date(Date.now() - query.days * 86_400_000), query.limit),
});
