import { z } from 'zod';
import { Permission, Role } from '../../model/role.ts';
import { getMember } from '../../store/accounts.ts';
import { route } from '../route.ts';

export default route({
  method: 'GET',
  path: '/api/session',
  summary: 'Who is asking, for which company, and what they may do',
  tag: 'People',
  may: 'read',
  answer: z.object({
    name: z.string(),
    fullName: z.string().nullable().describe('What the person is called, where that is known'),
    role: Role.nullable(),
    permissions: z.array(Permission),
    /** Goes with every unsafe request of a browser, as x-csrf-token. */
    csrf: z.string().nullable(),
    /** Gets the weekly digest; null for programs. */
    digest: z.boolean().nullable(),
    tenant: z.object({
      id: z.string(),
      name: z.string(),
      zone: z.string(),
      currency: z.string(),
      tasksPerOwnerAndWeek: z.number().describe('Tasks that plays may make in the CRM; 0 for none'),
    }),
  }),
  handle: async ({ actor, tenant, parts }) => {
    const member = actor.kind === 'person' ? await getMember(parts.store.pool, tenant, actor.id) : null;
    return {
      name: actor.name,
      fullName: member?.name || null,
      role: actor.role,
      permissions: [...actor.permissions],
      csrf: actor.csrf,
      digest: member?.digest ?? null,
      tenant: { ...tenant, tasksPerOwnerAndWeek: tenant.policy.tasksPerOwnerAndWeek },
    };
  },
});
