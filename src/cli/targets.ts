import type { Command } from 'commander';
import { InputError } from '../errors.ts';
import { type Pending, pendingTargets, releaseTargets } from '../pipeline/release.ts';
import type { TargetRow } from '../store/targets.ts';
import { count, table } from './output.ts';
import { type CommonOptions, withSession } from './session.ts';

export function registerTargets(program: Command): void {
  program
    .command('pending')
    .description('What waits to be written, how much it is, and why it waits.')
    .action(async (_flags: CommonOptions, command: Command) => {
      await withSession(command.optsWithGlobals(), async ({ app, tenant, output }) => {
        const pending = await pendingTargets(app.store.pool, tenant, new Date());
        if (pending.length === 0) output.line('Nothing waits.');
        else output.line(pendingTable(pending));
        output.result({ pending: pending.map(({ target, ...rest }) => ({ ...rest, ...target })) });
      });
    });

  program
    .command('release')
    .argument('[target...]', 'targets, as `pending` names them')
    .option('--all', 'all that are held')
    .description('Let held targets be written, from the next run on.')
    .action(async (targets: string[], flags: CommonOptions & { all?: boolean }, command: Command) => {
      if (targets.length === 0 && !flags.all) {
        throw new InputError('target_missing', 'Nothing was named to release.', {
          action: 'Name targets, as `pending` shows them, or use --all.',
        });
      }
      await withSession(command.optsWithGlobals(), async ({ app, tenant, output }) => {
        const released = await releaseTargets(app.store.pool, tenant, flags.all ? 'all' : targets, 'cli');
        output.line(`${released.length} targets are live; the next run writes them.`);
        output.result({ released: released.map(({ id }) => id) });
      });
    });
}

/** Held targets as a table for people. */
export function pendingTable(pending: readonly Pending[]): string {
  const rows = pending.map(({ target, connection, name, writes, changes }) => [
    target.id,
    connection.name,
    describeTarget(target, name),
    count(writes),
    count(changes),
    target.reason?.message ?? '',
  ]);
  return table(['target', 'connection', 'what', 'writes', 'changes', 'why'], rows);
}

const KIND_NAMES: Record<TargetRow['kind'], string> = {
  property: 'property',
  primary: 'primary segment',
  changed_at: 'date of change',
  why: 'reason',
  dynamic_list: 'list (dynamic)',
  manual_list: 'list (manual)',
  list_view: 'list view',
  campaign: 'campaign',
  file: 'file',
};

/** "RFM segments: property on contact" */
export function describeTarget(
  target: Pick<TargetRow, 'kind' | 'object' | 'segment' | 'segmentation'>,
  name: string,
): string {
  const what =
    target.segment === null ? KIND_NAMES[target.kind] : `${KIND_NAMES[target.kind]} ${target.segment}`;
  return target.segmentation === '*' ? `${what} on ${target.object}` : `${name}: ${what} on ${target.object}`;
}
