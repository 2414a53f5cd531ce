import { z } from 'zod';
import { Policy } from '../../model/policy.ts';
import { changeTenant } from '../../pipeline/change-tenant.ts';
import { listOwnRates } from '../../pipeline/profile/own-rates.ts';
import { isZone } from '../../pipeline/zone.ts';
import { route } from '../route.ts';
import { TenantAnswer } from './get-tenant.ts';

export default route({
  method: 'PATCH',
  path: '/api/tenant',
  summary: 'Change the company’s settings; what they change in the figures comes with the next run',
  tag: 'Settings',
  may: 'administer',
  action: 'tenant.change',
  body: z.strictObject({
    name: z.string().trim().min(1, 'a name').max(100).optional(),
    zone: z.string().max(60).refine(isZone, 'a name from the IANA list, such as Europe/Berlin').optional(),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/, 'an ISO 4217 code such as EUR')
      .optional()
      .describe('Another one removes the rates that were given, as they lead to the one before'),
    fiscalYearStart: z.number().int().min(1).max(12).optional(),
    policy: z
      .strictObject(Policy.shape)
      .optional()
      .describe('The whole policy; what is left out of it takes its default'),
  }),
  answer: TenantAnswer,
  handle: async ({ body, tenant, parts, audit }) => {
    const { pool } = parts.store;
    const rates = await listOwnRates(pool, tenant);
    const changed = await changeTenant(pool, tenant, body);
    const isRateless = rates.length > 0 && changed.currency !== tenant.currency;
    const of = (one: typeof tenant) =>
      Object.fromEntries(Object.keys(body).map((key) => [key, one[key as keyof typeof body]]));
    audit({
      subject: `company ${tenant.name}`,
      before: { ...of(tenant), ...(isRateless && { rates }) },
      after: of(changed),
    });
    return changed;
  },
});
