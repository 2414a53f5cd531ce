import { z } from 'zod';
import { OwnRate, setRates } from '../../pipeline/profile/own-rates.ts';
import { route } from '../route.ts';

export default route({
  method: 'PUT',
  path: '/api/rates',
  summary: 'Give exchange rates where no CRM tells one; the next run works out everybody’s revenue again',
  tag: 'Mapping',
  may: 'edit',
  action: 'rates.set',
  body: z.strictObject({
    rates: z.array(OwnRate).min(1).max(200).describe('Others that were given stay as they are'),
  }),
  handle: async ({ body, tenant, parts, audit }) => {
    const before = await setRates(parts.store.pool, tenant, body.rates);
    audit({
      subject: [...new Set(body.rates.map(({ currency }) => currency))].join(', '),
      before: { rates: before },
      after: { rates: body.rates },
    });
  },
});
