import { z } from 'zod';
import { DealNames } from '../../../connectors/contract.ts';
import { RevenueSetting } from '../../pipeline/profile/revenue.ts';
import { listConnections } from '../../store/connections.ts';
import { countRevenue } from '../../views/revenue-lines.ts';
import { unknownRates } from '../../views/unknown-rates.ts';
import { route } from '../route.ts';

export const RevenueCount = z.object({
  lines: z.array(
    z.object({
      pipeline: z.string().nullable(),
      stage: z.string().nullable(),
      dealType: z.string().nullable(),
      won: z.boolean().nullable(),
      deals: z.number(),
      currency: z.string(),
      /** As the CRM has it. */
      amount: z.string(),
      countsAs: z.enum(['revenue', 'refund', 'not_won', 'left_out']),
    }),
  ),
  sums: z.array(z.object({ currency: z.string(), deals: z.number(), amount: z.string() })),
});

export default route({
  method: 'GET',
  path: '/api/revenue',
  summary: 'What counts as revenue on each connection, with counts and sums',
  tag: 'Mapping',
  may: 'edit',
  answer: z.object({
    connections: z.array(
      RevenueCount.extend({
        id: z.string(),
        name: z.string(),
        setting: RevenueSetting,
        names: DealNames.describe('What the CRM calls the values; what is missing is called as it is'),
      }),
    ),
    /** Won deals whose amount can't be brought into the company's currency. */
    unknownRates: z.array(
      z.object({
        currency: z.string(),
        deals: z.number(),
        amount: z.string(),
        isGiven: z
          .boolean()
          .describe('A rate was given: the next run takes it for deals since its first day'),
      }),
    ),
  }),
  handle: async ({ tenant, parts }) => {
    const { pool } = parts.store;
    const connections = [];
    for (const { id, name, config } of await listConnections(pool, tenant)) {
      const setting = RevenueSetting.parse(config.revenue ?? {});
      const names = DealNames.parse(config.dealNames ?? {});
      connections.push({ id, name, setting, names, ...(await countRevenue(pool, tenant, id, setting)) });
    }
    return { connections, unknownRates: await unknownRates(pool, tenant) };
  },
});
