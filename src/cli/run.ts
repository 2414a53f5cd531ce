import type { Command } from 'commander';
import { AppError, InputError } from '../errors.ts';
import { listConnections } from '../store/connections.ts';
import { cancelRun, type Run, STAGES } from '../store/runs.ts';
import { count, table } from './output.ts';
import { type CommonOptions, type Session, withSession } from './session.ts';
import { runAndWatch } from './watch.ts';

type RunFlags = CommonOptions & { dryRun?: boolean; full?: boolean; learn?: boolean; asOf?: string };

export function registerRun(program: Command): void {
  program
    .command('run')
    .description('Pull what changed, work out the segments, write back what differs.')
    .option('--dry-run', 'work everything out, write nothing into a CRM')
    .option('--full', 'read every record again, not only what changed')
    .option('--learn', 'learn cut points and models again, due or not')
    .option('--as-of <date>', 'the instant the run counts from (ISO 8601); now if left out')
    .addHelpText('after', '\nExample: npm run -s cli -- run --dry-run')
    .action(async (flags: RunFlags, command: Command) => {
      const asOf = parseInstant(flags.asOf);
      await withSession(command.optsWithGlobals(), async (session) => {
        await requireConnection(session);
        const run = await runAndWatch(session, {
          asOf,
          options: { dryRun: flags.dryRun ?? false, full: flags.full ?? false, learn: flags.learn ?? false },
          requestedBy: 'cli',
        });
        showRun(session, run);
        if (run.state === 'failed') throw failed(run);
      });
    });

  program
    .command('cancel')
    .argument('<run>', 'the run’s number, as `status` shows it')
    .description('Stop a run at its next safe point; what it did so far stays.')
    .addHelpText('after', '\nExample: npm run -s cli -- cancel 12')
    .action(async (runId: string, _flags: CommonOptions, command: Command) => {
      await withSession(command.optsWithGlobals(), async ({ app, tenant, output }) => {
        await cancelRun(app.store.pool, tenant, runId);
        output.line(`Run ${runId} will stop at its next safe point.`);
        output.result({ run: runId, cancelRequested: true });
      });
    });
}

/** A run over nothing would end as done, and look as if it had worked. */
async function requireConnection({ app, tenant }: Session): Promise<void> {
  if ((await listConnections(app.store.pool, tenant)).length > 0) return;
  throw new InputError('nothing_connected', 'No CRM is connected, so there is nothing to run.', {
    action: 'Run `connect hubspot`, `connect salesforce` or `connect csv --folder PATH` first.',
  });
}

/** ISO 8601, or a day, which means its end in UTC midnight terms: the first instant of it. */
export function parseInstant(text: string | undefined): Date {
  if (text === undefined) return new Date();
  const instant = new Date(text);
  const day = /^\d{4}-\d{2}-\d{2}/.exec(text)?.[0];
  // JavaScript reads 2026-02-30 as 2026-03-02.
  const isReal = day !== undefined && new Date(`${day}T00:00:00Z`).toJSON()?.slice(0, 10) === day;
  if (isReal && !Number.isNaN(instant.getTime())) return instant;
  throw new InputError('date_invalid', `"${text}" is not a date.`, {
    action: 'Write it as 2026-11-21 or 2026-11-21T08:00:00Z.',
  });
}

function failed(run: Run): AppError {
  return new AppError(run.reason?.code ?? 'run_failed', run.reason?.message ?? `Run ${run.id} failed.`, {
    action: run.reason?.action ?? 'Look at `status`; the next run goes on where this one stopped.',
  });
}

/** What the run did, stage by stage. */
export function showRun({ output }: Pick<Session, 'output'>, run: Run): void {
  const rows = [...STAGES, 'calls' as const].flatMap((part) =>
    Object.entries(run.counts[part] ?? {})
      .filter(([, value]) => value !== 0)
      .map(([name, value]) => [part, name.replaceAll('_', ' ').replaceAll('.', ' '), count(value)]),
  );
  output.line(`Run ${run.id}: ${run.state}${run.reason ? ` — ${run.reason.message}` : ''}`);
  if (rows.length > 0) output.line(table(['stage', 'what', 'count'], rows));
  output.result({ id: run.id, state: run.state, asOf: run.asOf, counts: run.counts, reason: run.reason });
}
