import { z } from 'zod';
import { Permission } from '../../model/role.ts';
import { listApiTokens } from '../../store/api-tokens.ts';
import { Instant, route } from '../route.ts';

export const TokenAnswer = z.object({
  id: z.string(),
  name: z.string(),
  permissions: z.array(Permission),
  createdBy: z.string(),
  createdAt: Instant,
  expiresAt: Instant,
  lastUsedAt: Instant.nullable(),
  revokedAt: Instant.nullable(),
});

export default route({
  method: 'GET',
  path: '/api/tokens',
  summary: 'API tokens, without their secrets; revoked ones too',
  tag: 'API tokens',
  may: 'administer',
  answer: z.object({ items: z.array(TokenAnswer) }),
  handle: async ({ tenant, parts }) => ({ items: await listApiTokens(parts.store.pool, tenant) }),
});
