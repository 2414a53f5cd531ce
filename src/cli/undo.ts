import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Command } from 'commander';
import { AppError, ConflictError, InputError } from '../errors.ts';
import { planUndo, type UndoPlan, type UndoRequest } from '../pipeline/push/undo.ts';
import { continueUndo, requestUndo } from '../pipeline/push/undo-progress.ts';
import { activeUndo, getUndo, type UndoRow } from '../store/undos.ts';
import { confirm } from './confirm.ts';
import { interruptible } from './interrupt.ts';
import { count, counted } from './output.ts';
import { createPatience, parseWait, WAIT_OPTION } from './patience.ts';
import { parseRunNumber } from './run-number.ts';
import { type CommonOptions, type Session, withSession } from './session.ts';

type UndoFlags = CommonOptions & { target?: string; yes?: boolean; wait?: string };

export function registerUndo(program: Command): void {
  program
    .command('undo')
    .argument('[run]', 'take back what this run wrote, by its number in `status`')
    .option('--target <id>', 'take back all that this target ever wrote, by its id in `targets`')
    .option('--yes', 'do it without asking')
    .option(...WAIT_OPTION)
    .description('Put back the values that the CRM showed before we wrote.')
    .addHelpText(
      'after',
      `
A value that somebody changed since stays as it is. The targets are paused, so that the next run does not write
their labels again; \`release\` them by name to go on. It waits for a CRM that is down; --wait says for how long: the
exit code is 3 then, and the same undo asked for again goes on.

Examples:
  npm run -s cli -- undo 12
  npm run -s cli -- undo --target t3 --yes`,
    )
    .action(async (runId: string | undefined, flags: UndoFlags, command: Command) => {
      const request = requestOf(runId, flags.target);
      const waitMs = parseWait(flags.wait);
      await withSession(command.optsWithGlobals(), async (session) => {
        const { app, tenant, output } = session;
        const { pool } = app.store;
        const plan = await planUndo(pool, tenant, request);
        const underWay = await activeUndo(pool, tenant);
        if (underWay) requireSame(underWay, request);
        else if (plan.values > 0) {
          output.line(describePlan(plan));
          if (!(await confirm('Take it back?', flags, output))) return;
        }
        const undo = underWay ?? (await requestUndo(pool, tenant, request, 'cli'));
        if (underWay) output.line('This is being taken back already; following it.');
        const { restored, kept } = await interruptible(STOPPED, (signal) =>
          follow(session, undo, waitMs, signal),
        );
        const stays =
          kept === 0
            ? ''
            : `; ${counted(kept, 'value')} that changed since or that the CRM refused ${kept === 1 ? 'stays' : 'stay'}`;
        output.line(`${counted(restored, 'value')} put back${stays}.`);
        // A reason waits with its label. Whoever joins late finds nothing left to name.
        const ids = plan.targets.flatMap(({ id, kind }) => (kind === 'why' ? [] : [id]));
        if (ids.length > 0)
          output.line(`Paused: ${ids.join(', ')}. \`release ${ids.join(' ')}\` writes their labels again.`);
        output.result({ restored, kept, records: plan.records, paused: ids });
      });
    });
}

const STOPPED = {
  message: 'The undo stopped where it was; what was put back stays so, and the targets are paused.',
  action: 'Ask for the same undo again, or keep `npm start` running: both go on with it.',
};

/** Does its slices here, one after the other (a worker may help), until it has ended. */
async function follow(
  { app, tenant, output }: Session,
  { id, total }: UndoRow,
  waitMs: number,
  signal: AbortSignal,
): Promise<UndoRow> {
  const { pool } = app.store;
  const losePatience = createPatience(waitMs);
  const parts = { pool, tenant, openConnections: app.openConnections, signal, log: app.log };
  try {
    for (;;) {
      signal.throwIfAborted();
      const next = await continueUndo(parts, id);
      const undo = await getUndo(pool, tenant, id);
      const waits = undo.reason && !undo.endedAt ? ` (waits: ${undo.reason.message})` : '';
      output.progress(`${count(undo.restored)} of ${count(total)} put back${waits}`);
      if (undo.endedAt) {
        if (undo.reason) throw failed(undo.reason);
        return undo;
      }
      losePatience('The undo', `${undo.restored} ${undo.kept}`, undo.reason, STOPPED.action);
      await sleep(next?.againInMs ?? 0, undefined, { signal });
    }
  } finally {
    output.progressDone();
  }
}

function failed({ code, message, action }: NonNullable<UndoRow['reason']>): AppError {
  return new AppError(code, `${message} What was put back until then stays so; the rest can be taken back.`, {
    action: `${action} Then ask for the same undo again.`,
  });
}

/** Another undo ends before the next begins. */
function requireSame(underWay: UndoRow, request: UndoRequest): void {
  if (isDeepStrictEqual(underWay.request, request)) return;
  const { request: other } = underWay;
  const line = 'runId' in other ? `undo ${other.runId}` : `undo --target ${other.targetId}`;
  throw new ConflictError('undo_under_way', 'Something else is being taken back. Nothing was changed.', {
    action: `Let it end first: \`${line}\` follows it.`,
  });
}

function requestOf(runId: string | undefined, targetId: string | undefined): UndoRequest {
  if (targetId !== undefined && runId === undefined) return { targetId };
  if (runId !== undefined && targetId === undefined) return { runId: parseRunNumber(runId) };
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
