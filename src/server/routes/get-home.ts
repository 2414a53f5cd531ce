import { z } from 'zod';
import { nextTimes } from '../../../jobs/schedules.ts';
import { listSchedules } from '../../store/schedules.ts';
import { readHome } from '../../views/home.ts';
import { Instant, route } from '../route.ts';
import { ReasonAnswer, RunAnswer, runAnswer } from '../run-answer.ts';

export default route({
  method: 'GET',
  path: '/api/home',
  summary: 'Connections, runs, segments and what needs a person, at a glance',
  tag: 'Home',
  may: 'read',
  answer: z.object({
    connections: z.array(
      z.object({
        id: z.string(),
        system: z.string(),
        name: z.string(),
        mode: z.enum(['production', 'test']),
        state: z.enum(['connected', 'needs_you', 'disconnected']),
        reason: ReasonAnswer.nullable(),
      }),
    ),
    active: RunAnswer.nullable(),
    last: RunAnswer.nullable(),
    nextRun: Instant.nullable(),
    /** Are there schedules at all, paused ones included? */
    hasSchedule: z.boolean(),
    countedOn: z.string().nullable(),
    segments: z.array(
      z.object({
        segmentation: z.string(),
        set: z.string(),
        subject: z.enum(['person', 'company']),
        segment: z.string(),
        name: z.string(),
        size: z.number(),
        revenue: z.string(),
        before: z.object({ day: z.string(), size: z.number(), revenue: z.string() }).nullable(),
      }),
    ),
    needs: z.array(
      z.object({
        kind: z.enum(['connection', 'fall', 'brake', 'held', 'refused', 'review', 'run']),
        title: z.string(),
        detail: z.string(),
        to: z.string(),
        since: Instant.nullable(),
      }),
    ),
    steps: z.array(z.object({ key: z.enum(['connect', 'publish', 'run', 'release']), done: z.boolean() })),
  }),
  handle: async ({ tenant, parts }) => {
    const { pool } = parts.store;
    const home = await readHome(pool, tenant);
    const schedules = (await listSchedules(pool, tenant)).filter(({ job }) => job === 'run');
    const now = new Date();
    const next = schedules
      .flatMap(({ timing, paused }) => (paused ? [] : nextTimes(timing, now, 1)))
      .sort((a, b) => a.getTime() - b.getTime());
    return {
      ...home,
      active: home.active && runAnswer(home.active),
      last: home.last && runAnswer(home.last),
      nextRun: next[0] ?? null,
      hasSchedule: schedules.length > 0,
    };
  },
});
