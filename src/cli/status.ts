import type { Command } from 'commander';
import { allSizes, type SegmentationSizes } from '../pipeline/label/sizes.ts';
import { listConnections } from '../store/connections.ts';
import { listRuns } from '../store/runs.ts';
import { listSchedules } from '../store/schedules.ts';
import { listTargets } from '../store/targets.ts';
import { count, counted, table } from './output.ts';
import { type CommonOptions, withSession } from './session.ts';

export function registerStatus(program: Command): void {
  program
    .command('status')
    .description('Connections and their health, segment sizes, the last runs, what is held.')
    .addHelpText('after', '\nExample: npm run -s cli -- status')
    .action(async (_flags: CommonOptions, command: Command) => {
      await withSession(command.optsWithGlobals(), async ({ app, tenant, output }) => {
        const { pool } = app.store;
        const connections = await listConnections(pool, tenant);
        const runs = await listRuns(pool, tenant, 10);
        const targets = await listTargets(pool, tenant);
        const schedules = await listSchedules(pool, tenant);
        const sizes = await allSizes(pool, tenant);
        const held = targets.filter(({ state }) => state === 'held');

        output.line(`Tenant ${tenant.id} (${tenant.zone}, ${tenant.currency})`);
        output.line();
        if (connections.length === 0)
          output.line('No CRM is connected yet: `connect hubspot`, `connect salesforce` or `connect csv`.');
        else {
          const rows = connections.map((one) => [
            one.name,
            one.system,
            one.mode,
            one.state,
            one.reason
              ? `${one.reason.message} (since ${one.reason.since.slice(0, 16).replace('T', ' ')})`
              : '',
          ]);
          output.line(table(['connection', 'system', 'mode', 'state', 'why'], rows));
        }
        output.line();
        if (sizes.length > 0) {
          output.line(table(['segment', 'size', `revenue (${tenant.currency})`], sizeRows(sizes)));
          output.line();
        }
        if (runs.length > 0) {
          const rows = runs.map((run) => [
            run.id,
            run.kind,
            run.state,
            run.stage,
            run.requestedAt.toISOString().slice(0, 19).replace('T', ' '),
            run.reason?.message ?? '',
          ]);
          output.line(table(['run', 'kind', 'state', 'stage', 'requested (UTC)', 'why'], rows));
          output.line();
        }
        output.line(
          `${counted(targets.length, 'target')}, ${held.length} held${held.length > 0 ? ': see `pending`' : ''}. ${counted(schedules.length, 'schedule')}.`,
        );
        output.result({ tenant: tenant.id, connections, segmentations: sizes, runs, targets, schedules });
      });
    });
}

/** Each segment, and those without a label, by name. */
function sizeRows(sizes: readonly SegmentationSizes[]): string[][] {
  return sizes.flatMap(({ segmentation, segments, unlabelled }) => [
    ...segments.map(({ segment, size, revenue }) => [
      `${segmentation}.${segment}`,
      count(size),
      Number(revenue).toLocaleString('en-US', { minimumFractionDigits: 2 }),
    ]),
    [`${segmentation}: no label`, count(unlabelled), ''],
  ]);
}
