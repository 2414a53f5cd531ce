import type { Command } from 'commander';
import { InputError } from '../errors.ts';
import { type Pending, pendingTargets, releaseTargets, stopTargets } from '../pipeline/publish/release.ts';
import { listConnections } from '../store/connections.ts';
import { listPublished } from '../store/segmentations.ts';
import { listTargets, type TargetRow } from '../store/targets.ts';
import { writeBundles } from './bundles.ts';
import { count, counted, table } from './output.ts';
import { type CommonOptions, withSession } from './session.ts';

export function registerTargets(program: Command): void {
  program
    .command('pending')
    .description('What waits to be written, how much it is, and why it waits.')
    .addHelpText('after', '\nExample: npm run -s cli -- pending')
    .action(async (_flags: CommonOptions, command: Command) => {
      await withSession(command.optsWithGlobals(), async ({ app, tenant, output }) => {
        const pending = await pendingTargets(app.store.pool, tenant, new Date());
        const paused = (await listTargets(app.store.pool, tenant)).filter(({ state }) => state === 'paused');
        if (pending.length > 0) output.line(pendingTable(pending));
        else output.line(paused.length === 0 ? 'Nothing waits.' : 'Nothing waits for a release.');
        if (paused.length > 0) output.line(describePaused(paused.length));
        output.result({
          pending: pending.map(({ target, ...rest }) => ({ ...rest, ...target })),
          paused: paused.map(({ id }) => id),
        });
      });
    });

  program
    .command('release')
    .argument('[target...]', 'targets, as `pending` names them')
    .option('--all', 'all that are held')
    .description('Let held targets be written, from the next run on.')
    .addHelpText(
      'after',
      `
Paused targets are released only by name.

Examples:
  npm run -s cli -- release --all
  npm run -s cli -- release t1 t2`,
    )
    .action(async (targets: string[], flags: CommonOptions & { all?: boolean }, command: Command) => {
      if (targets.length === 0 && !flags.all) {
        throw new InputError('target_missing', 'Nothing was named to release.', {
          action: 'Name targets, as `pending` shows them, or use --all.',
        });
      }
      await withSession(command.optsWithGlobals(), async ({ app, tenant, output }) => {
        const released = await releaseTargets(app.store.pool, tenant, flags.all ? 'all' : targets, 'cli');
        if (released.length === 0) output.line('Nothing was held: all is as it was.');
        else {
          const [verb, them] = released.length === 1 ? ['is', 'it'] : ['are', 'them'];
          output.line(`${counted(released.length, 'target')} ${verb} live; the next run writes ${them}.`);
        }
        output.result({ released: released.map(({ id }) => id) });
      });
    });

  program
    .command('targets')
    .description('Where labels are written: every target with its state.')
    .option('--bundle <folder>', 'write the files that an admin has to deploy to a folder, one a connection')
    .addHelpText(
      'after',
      `
A connection that may make nothing in its CRM (\`connect --no-create\`) says after a run what an admin has to make
there; for Salesforce it hands over the fields, and a permission set that shows them, as metadata to deploy.

Examples:
  npm run -s cli -- targets
  npm run -s cli -- targets --bundle ./for-the-admin`,
    )
    .action(async (flags: CommonOptions & { bundle?: string }, command: Command) => {
      await withSession(command.optsWithGlobals(), async ({ app, tenant, output }) => {
        const { pool } = app.store;
        const connections = new Map((await listConnections(pool, tenant)).map(({ id, name }) => [id, name]));
        const names = new Map(
          (await listPublished(pool, tenant)).map(({ key, definition }) => [key, definition.name]),
        );
        const targets = await listTargets(pool, tenant);
        const rows = targets.map((target) => [
          target.id,
          connections.get(target.connectionId) ?? target.connectionId,
          describeTarget(target, names.get(target.segmentation) ?? target.segmentation),
          target.state,
          target.reason?.message ?? '',
        ]);
        if (rows.length === 0)
          output.line('There are no targets yet: `apply` a segmentation to a connected CRM first.');
        else output.line(table(['target', 'connection', 'what', 'state', 'why'], rows));
        const written = flags.bundle === undefined ? [] : await writeBundles(targets, flags.bundle);
        if (flags.bundle !== undefined)
          output.line(
            written.length === 0
              ? 'No target waits for an admin: there is nothing to deploy.'
              : `${counted(written.length, 'file')} written to ${flags.bundle}, for an admin to deploy.`,
          );
        output.result({ targets, ...(flags.bundle !== undefined && { written }) });
      });
    });

  registerStop(program, 'hold', 'held', 'Stop writing to targets until they are released.');
  registerStop(program, 'pause', 'paused', 'Stop writing to targets until they are released by name.');
}

function registerStop(program: Command, name: string, state: 'held' | 'paused', description: string): void {
  program
    .command(name)
    .argument('[target...]', 'targets, as `targets` names them')
    .option('--all', 'all there are')
    .description(description)
    .addHelpText('after', `\nWhat the CRM shows stays as it is.\n\nExample: npm run -s cli -- ${name} t1`)
    .action(async (targets: string[], flags: CommonOptions & { all?: boolean }, command: Command) => {
      if (targets.length === 0 && !flags.all) {
        throw new InputError('target_missing', `Nothing was named to ${name}.`, {
          action: 'Name targets, as `targets` shows them, or use --all.',
        });
      }
      await withSession(command.optsWithGlobals(), async ({ app, tenant, output }) => {
        const which = flags.all ? 'all' : targets;
        const stopped = await stopTargets(app.store.pool, tenant, which, state, 'cli');
        output.line(
          stopped === 0
            ? `Nothing to do: ${state} already.`
            : `${counted(stopped, 'target')} ${stopped === 1 ? 'is' : 'are'} ${state}.`,
        );
        output.result({ [state]: stopped });
      });
    });
}

/** They wait for nothing but a person, and `release --all` leaves them. */
const describePaused = (paused: number): string =>
  `${counted(paused, 'target')} ${paused === 1 ? 'is' : 'are'} paused, and nothing is written there: \`targets\` says which and why.`;

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
