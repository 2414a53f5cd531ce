import { z } from 'zod';
import type { Pool, Queryable } from './pool.ts';
import type { Tenant } from './tenant.ts';

/** When a schedule fires: a cron line in a time zone, or every so many minutes. */
export const Timing = z.union([
  z.strictObject({ cron: z.string().min(9).max(100), zone: z.string().min(1) }),
  z.strictObject({
    everyMinutes: z
      .int()
      .min(1)
      .max(7 * 24 * 60),
  }),
]);
export type Timing = z.infer<typeof Timing>;

/** What may be done by the clock; people set `run` and `poll`, the others are there by themselves. */
export type ScheduledJob = 'run' | 'poll' | 'maintain' | 'review' | 'alerts' | 'owners' | 'digest';

export type Schedule = { id: string; job: ScheduledJob; timing: Timing; paused: boolean };

type ScheduleRow = { id: string; job: ScheduledJob; timing: unknown; paused: boolean };

/** All schedules of a tenant, by id. */
export async function listSchedules(pool: Queryable, tenant: Tenant): Promise<Schedule[]> {
  const { rows } = await pool.query<ScheduleRow>(
    `select id, job, timing, paused from ${tenant.schema}.schedule order by id`,
  );
  return rows.map((row) => ({ ...row, timing: Timing.parse(row.timing) }));
}

export async function putSchedule(pool: Pool, tenant: Tenant, schedule: Schedule): Promise<void> {
  await pool.query(
    `insert into ${tenant.schema}.schedule (id, job, timing, paused) values ($1, $2, $3, $4)
     on conflict (id) do update set job = excluded.job, timing = excluded.timing, paused = excluded.paused`,
    [schedule.id, schedule.job, JSON.stringify(schedule.timing), schedule.paused],
  );
}

export async function removeSchedule(pool: Pool, tenant: Tenant, id: string): Promise<boolean> {
  const { rowCount } = await pool.query(`delete from ${tenant.schema}.schedule where id = $1`, [id]);
  return rowCount === 1;
}
