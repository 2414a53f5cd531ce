import { z } from 'zod';
import { PermissionError } from '../../errors.ts';
import { holds, Permission } from '../../model/role.ts';
import { addApiToken } from '../../store/api-tokens.ts';
import { route } from '../route.ts';
import { TokenAnswer } from './list-tokens.ts';

export default route({
  method: 'POST',
  path: '/api/tokens',
  summary: 'Make an API token; its secret is shown this once',
  tag: 'API tokens',
  may: 'administer',
  action: 'token.make',
  status: 201,
  body: z.strictObject({
    name: z.string().trim().min(1, 'a name').max(100),
    permissions: z.array(Permission).min(1, 'at least one permission').max(Permission.options.length),
    days: z.number().int().min(1).max(366).default(90).describe('Until it expires'),
  }),
  answer: z.object({ token: TokenAnswer, secret: z.string() }),
  handle: async ({ body, tenant, actor, parts, audit }) => {
    // Nobody gives away what they do not have themselves.
    if (!body.permissions.every((one) => holds(actor.permissions, one))) {
      throw new PermissionError('not_permitted', 'A token can’t do more than its maker. Nothing was made.', {
        action: 'Leave out the permissions that you do not have.',
      });
    }
    const made = await addApiToken(parts.store.pool, tenant, {
      ...body,
      permissions: [...new Set(body.permissions)],
      createdBy: actor.name,
    });
    const { id, name, permissions, expiresAt } = made.token;
    audit({ subject: `token ${name}`, after: { id, permissions, expiresAt } });
    return made;
  },
});
