import type { Command } from 'commander';
import { AppError, InputError } from '../errors.ts';
import { listConnections } from '../store/connections.ts';
import { cancelRun, type Run, STAGES } from '../store/runs.ts';
import { leftOut, showFinding } from './diagnosis.ts';
import { parseInstant } from './instant.ts';
import { interruptible } from './interrupt.ts';
import { noteChange } from './note.ts';
import { count, table } from './output.ts';
import { parseWait, WAIT_OPTION } from './patience.ts';
import { parseRunNumber } from './run-number.ts';
import { type CommonOptions, type Session, withSession } from './session.ts';
import { runAndWatch } from './watch.ts';

type RunFlags = CommonOptions & {
  dryRun?: boolean;
  full?: boolean;
  learn?: boolean;
  asOf?: string;
  wait?: string;
};

const STOPPED = {
  message: 'The run stopped where it was; what it did so far is kept.',
  action: '`run` and `npm start` go on with it. `cancel RUN` ends it; `status` shows its number.',
};

export function registerRun(program: Command): void {
  program
    .command('run')
    .description('Pull what changed, work out the segments, write back what differs.')
    .option('--dry-run', 'work everything out, write nothing into a CRM')
    .option('--full', 'read every record again, not only what changed')
    .option('--learn', 'learn cut points and models again, due or not')
    .option('--as-of <date>', 'the instant the run counts from (ISO 8601); now if left out')
    .option(...WAIT_OPTION)
    .addHelpText(
      'after',
      `
A run waits for a CRM that is down, or that asks to wait, and goes on by itself. A script says for how long with
--wait; the exit code is 3 then, and the next \`run\`, or \`npm start\`, goes on with the same run.

Examples:
  npm run -s cli -- run --dry-run
  npm run -s cli -- run --wait 15`,
    )
    .action(async (flags: RunFlags, command: Command) => {
      const asOf = parseInstant(flags.asOf);
      const waitMs = parseWait(flags.wait);
      await withSession(command.optsWithGlobals(), async (session) => {
        await requireConnection(session);
        const options = {
          dryRun: flags.dryRun ?? false,
          full: flags.full ?? false,
          learn: flags.learn ?? false,
        };
        const run = await interruptible(STOPPED, (signal) =>
          runAndWatch(session, { asOf, options, requestedBy: 'cli' }, { signal, waitMs }),
        );
        const left = await leftOut(session);
        showRun(session, run, left);
        if (run.state === 'failed') throw failed(run);
        if (left.some(({ level }) => level === 'error')) process.exitCode = 1;
      });
    });

  program
    .command('cancel')
    .argument('<run>', 'the run’s number, as `status` shows it')
    .description('Stop a run at its next safe point; what it did so far stays.')
    .addHelpText('after', '\nExample: npm run -s cli -- cancel 12')
    .action(async (given: string, _flags: CommonOptions, command: Command) => {
      const runId = parseRunNumber(given);
      await withSession(command.optsWithGlobals(), async (session) => {
        const { app, tenant, output } = session;
        await cancelRun(app.store.pool, tenant, runId);
        await noteChange(session, {
          action: 'run.cancel',
          subject: `run ${runId}`,
          after: { cancelRequested: true },
        });
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

function failed(run: Run): AppError {
  return new AppError(run.reason?.code ?? 'run_failed', run.reason?.message ?? `Run ${run.id} failed.`, {
    action: run.reason?.action ?? 'Look at `status`; the next run goes on where this one stopped.',
  });
}

/** What the run did, stage by stage, and what it had to leave out. */
function showRun({ output }: Session, run: Run, left: Awaited<ReturnType<typeof leftOut>>): void {
  const rows = [...STAGES, 'calls' as const].flatMap((part) =>
    Object.entries(run.counts[part] ?? {})
      .filter(([, value]) => value !== 0)
      .map(([name, value]) => [part, name.replaceAll('_', ' ').replaceAll('.', ' '), count(value)]),
  );
  output.line(`Run ${run.id}: ${run.state}${run.reason ? ` — ${run.reason.message}` : ''}`);
  if (rows.length > 0) output.line(table(['stage', 'what', 'count'], rows));
  if (left.length > 0) output.line('Left out, with its labels as they were:');
  for (const finding of left) showFinding(finding, output);
  const { id, state, asOf, counts, reason } = run;
  output.result({ id, state, asOf, counts, reason, leftOut: left });
}
