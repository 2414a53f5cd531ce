import { z } from 'zod';
import { Role } from '../../model/role.ts';
import { listMembers } from '../../store/accounts.ts';
import { listInvitations } from '../../store/sign-in-links.ts';
import { Instant, route } from '../route.ts';

export const PersonAnswer = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  role: Role,
  /** Gets the weekly digest of their own customers. */
  digest: z.boolean(),
  addedBy: z.string(),
  addedAt: Instant,
  seenAt: Instant.nullable(),
});

const InvitationAnswer = z.object({
  id: z.string(),
  email: z.string(),
  role: Role,
  createdBy: z.string(),
  createdAt: Instant,
  expiresAt: Instant,
});

export default route({
  method: 'GET',
  path: '/api/people',
  summary: 'Who may sign in, with which role, and who is invited',
  tag: 'People',
  may: 'read',
  answer: z.object({ people: z.array(PersonAnswer), invitations: z.array(InvitationAnswer) }),
  handle: async ({ tenant, parts }) => ({
    people: await listMembers(parts.store.pool, tenant),
    invitations: await listInvitations(parts.store.pool, tenant),
  }),
});
