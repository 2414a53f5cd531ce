import { z } from 'zod';
import { RateCurrency, RateDay, removeRate } from '../../pipeline/profile/own-rates.ts';
import { route } from '../route.ts';

export default route({
  method: 'DELETE',
  path: '/api/rates/:currency',
  summary: 'Remove an exchange rate that was given; the next run works out everybody’s revenue again',
  tag: 'Mapping',
  may: 'edit',
  action: 'rates.remove',
  params: z.strictObject({ currency: RateCurrency }),
  query: z.strictObject({
    from: RateDay.optional().describe('The rate’s first day; left out: the one that holds always'),
  }),
  handle: async ({ params, query, tenant, parts, audit }) => {
    const { currency } = params;
    const before = await removeRate(parts.store.pool, tenant, { currency, from: query.from ?? null });
    audit({ subject: currency, before: { rates: [before] }, after: { rates: [] } });
  },
});
