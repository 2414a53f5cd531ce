import type { Command } from 'commander';
import { InputError } from '../errors.ts';
import { beginUndo, planUndo, type UndoPlan, type UndoRequest } from '../pipeline/push/undo.ts';
import { runUndo } from '../pipeline/push/undo-run.ts';
import { activeRun } from '../store/runs.ts';
import { confirm } from './confirm.ts';
import { count, counted } from './output.ts';
import { type CommonOptions, withSession } from './session.ts';

type UndoFlags = CommonOptions & { target?: string; yes?: boolean };

export function registerUndo(program: Command): void {
  program
    .command('undo')
    .argument('[run]', 'take back what this run wrote, by its number in `status`')
    .option('--target <id>', 'take back all that this target ever wrote, by its id in `targets`')
    .option('--yes', 'do it without asking')
    .description('Put back the values that the CRM showed before we wrote.')
    .addHelpText(
      'after',
      `
A value that somebody changed since stays as it is. The targets are paused, so that the next run does not write
their labels again; \`release\` them by name to go on.

Examples:
  npm run -s cli -- undo 12
  npm run -s cli -- undo --target t3 --yes`,
    )
    .action(async (runId: string | undefined, flags: UndoFlags, command: Command) => {
      const request = requestOf(runId, flags.target);
      await withSession(command.optsWithGlobals(), async ({ app, tenant, output }) => {
        const { pool } = app.store;
        const active = await activeRun(pool, tenant);
        if (active) {
          throw new InputError('run_under_way', `Run ${active.id} is under way. Nothing was taken back.`, {
            action: `Wait for its end, or \`cancel ${active.id}\` first.`,
          });
        }
        const plan = await planUndo(pool, tenant, request);
        if (plan.values > 0) {
          output.line(describePlan(plan));
          if (!(await confirm('Take it back?', flags, output))) return;
        }
        await beginUndo(pool, tenant, request, 'cli');
        const stop = new AbortController();
        const interrupt = () => stop.abort();
        process.once('SIGINT', interrupt);
        try {
          const undone = await runUndo(
            { pool, tenant, openConnections: app.openConnections, signal: stop.signal, log: app.log },
            request,
            ({ restored }) => output.progress(`${count(restored)} of ${count(plan.values)} put back`),
          );
          output.progressDone();
          const kept =
            undone.kept === 0
              ? ''
              : `; ${counted(undone.kept, 'value')} that changed since ${undone.kept === 1 ? 'stays' : 'stay'}`;
          output.line(`${counted(undone.restored, 'value')} put back${kept}.`);
          const ids = plan.targets.map(({ id }) => id);
          output.line(`Paused: ${ids.join(', ')}. \`release ${ids.join(' ')}\` writes their labels again.`);
          output.result({ ...undone, records: plan.records, paused: ids });
        } finally {
          process.off('SIGINT', interrupt);
        }
      });
    });
}

function requestOf(runId: string | undefined, targetId: string | undefined): UndoRequest {
  if (targetId !== undefined && runId === undefined) return { targetId };
  if (runId !== undefined && targetId === undefined) {
    if (/^\d{1,18}$/.test(runId)) return { runId };
    throw new InputError('run_invalid', `"${runId}" is not the number of a run.`, {
      action: 'Run `status` to see the runs there are.',
    });
  }
  throw new InputError('undo_what', 'Say what to take back: one run, or one target. Nothing was changed.', {
    action: 'Write `undo RUN` or `undo --target ID`.',
  });
}

function describePlan({ records, values, targets }: UndoPlan): string {
  const lists = targets.filter(({ kind }) => kind.endsWith('_list') || kind === 'campaign').length;
  const what = `This touches ${counted(records, 'record')} (${counted(values, 'value')}, ${counted(targets.length, 'target')}`;
  const members = lists === 0 ? '' : `, ${lists} of them ${lists === 1 ? 'a list' : 'lists'}`;
  return `${what}${members}). Workflows in the CRM that listen to these properties or lists fire again.`;
}
