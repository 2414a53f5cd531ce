import type { Command } from 'commander';
import { listConnections } from '../store/connections.ts';
import { listRuns } from '../store/runs.ts';
import { listSchedules } from '../store/schedules.ts';
import { listTargets } from '../store/targets.ts';
import { table } from './output.ts';
import { type CommonOptions, withSession } from './session.ts';

export function registerStatus(program: Command): void {
  program
    .command('status')
    .description('Connections and their health, the last runs, what is held.')
    .action(async (_flags: CommonOptions, command: Command) => {
      await withSession(command.optsWithGlobals(), async ({ app, tenant, output }) => {
        const { pool } = app.store;
        const connections = await listConnections(pool, tenant);
        const runs = await listRuns(pool, tenant, 10);
        const targets = await listTargets(pool, tenant);
        const schedules = await listSchedules(pool, tenant);
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
            one.reason?.message ?? '',
          ]);
          output.line(table(['connection', 'system', 'mode', 'state', 'why'], rows));
        }
        output.line();
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
          `${targets.length} targets, ${held.length} held${held.length > 0 ? ': see `pending`' : ''}. ${schedules.length} schedules.`,
        );
        output.result({ tenant: tenant.id, connections, runs, targets, schedules });
      });
    });
}
