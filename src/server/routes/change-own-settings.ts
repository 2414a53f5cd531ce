import { z } from 'zod';
import { PermissionError } from '../../errors.ts';
import { changeMember } from '../../store/accounts.ts';
import { route } from '../route.ts';

export default route({
  method: 'PATCH',
  path: '/api/session',
  summary: 'Switch one’s own weekly digest on or off',
  tag: 'People',
  may: 'read',
  action: 'person.change_own',
  body: z.strictObject({ digest: z.boolean() }),
  answer: z.object({ digest: z.boolean() }),
  handle: async ({ body, tenant, actor, parts, audit }) => {
    if (actor.kind !== 'person') {
      throw new PermissionError('people_only', 'A program has no digest. Nothing was changed.', {
        action: 'Sign in and change it yourself.',
      });
    }
    const { before, after } = await changeMember(parts.store.pool, tenant, actor.id, body);
    audit({ subject: actor.name, before: { digest: before.digest }, after: { digest: after.digest } });
    return { digest: after.digest };
  },
});
