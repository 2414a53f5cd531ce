import { z } from 'zod';
import { checkTiming, describeTiming, nextTimes } from '../../../jobs/schedules.ts';
import { Instant, route, whole } from '../route.ts';

export default route({
  method: 'GET',
  path: '/api/schedules/preview',
  summary: 'A cron line in words, with the next times at which it fires',
  tag: 'Schedules',
  may: 'read',
  query: z.strictObject({
    cron: z.string().max(100).optional(),
    zone: z.string().max(100).optional().describe('The company’s where left out'),
    everyMinutes: whole(1, 10_080).optional(),
  }),
  answer: z.object({ words: z.string(), next: z.array(Instant) }),
  handle: ({ query, tenant }) => {
    const { everyMinutes, cron = '', zone = tenant.zone } = query;
    const timing = everyMinutes === undefined ? { cron, zone } : { everyMinutes };
    checkTiming(timing);
    return { words: describeTiming(timing), next: nextTimes(timing, new Date(), 5) };
  },
});
