import type { Command } from 'commander';
import { checkTiming, nextTimes, rebuildQueue } from '../../jobs/schedules.ts';
import { InputError, NotFoundError } from '../errors.ts';
import { listSchedules, putSchedule, removeSchedule, type Timing } from '../store/schedules.ts';
import { noteChange } from './note.ts';
import { table } from './output.ts';
import { type CommonOptions, type Session, withSession } from './session.ts';

type ScheduleFlags = CommonOptions & {
  cron?: string;
  zone?: string;
  every?: string;
  off?: boolean;
  pause?: boolean;
};

export function registerSchedule(program: Command): void {
  program
    .command('schedule')
    .argument('[name]', 'which schedule', 'run')
    .description('Show, set or remove when runs start.')
    .option('--cron <line>', 'minute hour day month weekday, such as "0 6 * * 1-5"')
    .option('--zone <name>', 'the time zone of the cron line; the tenant’s if left out')
    .option('--every <minutes>', 'every so many minutes')
    .option('--pause', 'keep it but do not fire')
    .option('--off', 'remove it')
    .addHelpText('after', '\nExample: npm run -s cli -- schedule --cron "0 6 * * 1-5" --zone Europe/Berlin')
    .action(async (name: string, flags: ScheduleFlags, command: Command) => {
      await withSession(command.optsWithGlobals(), async (session) => {
        const { app, tenant, output } = session;
        await change(session, name, flags);
        const schedules = await listSchedules(app.store.pool, tenant);
        const now = new Date();
        output.line(schedules.length === 0 ? 'No schedule is set; runs start by hand.' : '');
        const rows = schedules.map((schedule) => [
          schedule.id,
          'cron' in schedule.timing
            ? `${schedule.timing.cron} (${schedule.timing.zone})`
            : `every ${schedule.timing.everyMinutes} min`,
          schedule.paused ? 'paused' : (nextTimes(schedule.timing, now, 1)[0]?.toISOString() ?? 'never'),
        ]);
        if (rows.length > 0) output.line(table(['schedule', 'when', 'next'], rows));
        output.result({
          schedules: schedules.map((one) => ({ ...one, next: nextTimes(one.timing, now, 5) })),
        });
      });
    });
}

/** Sets, pauses or removes a schedule, where a flag says so. */
async function change(session: Session, name: string, flags: ScheduleFlags): Promise<void> {
  const { app, tenant } = session;
  const { pool } = app.store;
  const given = timingOf(flags, tenant.zone);
  const paused = flags.pause ?? false;
  if (!flags.off && !given && !paused) return;
  const before = (await listSchedules(pool, tenant)).find(({ id }) => id === name);
  const subject = {
    subject: name,
    ...(before && { before: { timing: before.timing, paused: before.paused } }),
  };
  const timing = given ?? (flags.off ? undefined : before?.timing);
  if (!before && !timing) throw unknown(name);
  if (timing) {
    checkTiming(timing);
    await putSchedule(pool, tenant, { id: name, job: 'run', timing, paused });
    await noteChange(session, { action: 'schedule.put', ...subject, after: { timing, paused } });
  } else {
    await removeSchedule(pool, tenant, name);
    await noteChange(session, { action: 'schedule.remove', ...subject });
  }
  await rebuildQueue({ pool, queue: app.backend.queue, log: app.log });
}

const unknown = (name: string) =>
  new NotFoundError('schedule_unknown', `There is no schedule "${name}". Nothing was changed.`, {
    action: '`schedule` shows those that are set; `--cron` or `--every` set one.',
  });

function timingOf(flags: ScheduleFlags, zone: string): Timing | undefined {
  if (flags.cron !== undefined) return { cron: flags.cron, zone: flags.zone ?? zone };
  if (flags.every === undefined) return undefined;
  const everyMinutes = Number(flags.every);
  if (Number.isInteger(everyMinutes) && everyMinutes >= 1 && everyMinutes <= 10_080) return { everyMinutes };
  throw new InputError('every_invalid', `"${flags.every}" is not a number of minutes from 1 to 10080.`, {
    action: 'Write a whole number, such as --every 15.',
  });
}
