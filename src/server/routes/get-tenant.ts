import { z } from 'zod';
import { Policy } from '../../model/policy.ts';
import { route } from '../route.ts';

export const TenantAnswer = z.object({
  id: z.string(),
  name: z.string(),
  zone: z.string(),
  currency: z.string(),
  fiscalYearStart: z.number(),
  policy: Policy,
});

export default route({
  method: 'GET',
  path: '/api/tenant',
  summary: 'The company’s settings',
  tag: 'Settings',
  may: 'read',
  answer: TenantAnswer,
  handle: ({ tenant }) => tenant,
});
