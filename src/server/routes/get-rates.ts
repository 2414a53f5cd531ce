import { z } from 'zod';
import { listOwnRates } from '../../pipeline/profile/own-rates.ts';
import { toldRates } from '../../views/told-rates.ts';
import { route } from '../route.ts';

export default route({
  method: 'GET',
  path: '/api/rates',
  summary: 'Exchange rates: those given here, and the newest that each CRM told',
  tag: 'Mapping',
  may: 'edit',
  answer: z.object({
    currency: z.string().describe('The company’s own, into which rates lead'),
    own: z.array(z.object({ currency: z.string(), rate: z.string(), from: z.iso.date().nullable() })),
    told: z
      .array(
        z.object({
          connectionId: z.string(),
          connection: z.string(),
          currency: z.string(),
          rate: z.string(),
          from: z.iso.date().nullable(),
          home: z.string().describe('The account’s home currency, into which this rate leads'),
        }),
      )
      .describe('Come before those given here'),
  }),
  handle: async ({ tenant, parts }) => {
    const { pool } = parts.store;
    const { currency } = tenant;
    return { currency, own: await listOwnRates(pool, tenant), told: await toldRates(pool, tenant) };
  },
});
