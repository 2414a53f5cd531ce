import { z } from 'zod';
import { Role } from '../../model/role.ts';
import { changeMember } from '../../store/accounts.ts';
import { route } from '../route.ts';
import { PersonAnswer } from './list-people.ts';

export default route({
  method: 'PATCH',
  path: '/api/people/:id',
  summary: 'Give somebody another role, or switch their weekly digest on or off',
  tag: 'People',
  may: 'administer',
  action: 'person.change',
  params: z.strictObject({ id: z.string().max(100) }),
  body: z.strictObject({ role: Role.optional(), digest: z.boolean().optional() }),
  answer: PersonAnswer,
  handle: async ({ params, body, tenant, parts, audit }) => {
    const { before, after } = await changeMember(parts.store.pool, tenant, params.id, body);
    audit({
      subject: after.email,
      before: { role: before.role, digest: before.digest },
      after: { role: after.role, digest: after.digest },
    });
    return after;
  },
});
