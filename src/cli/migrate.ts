import type { Command } from 'commander';
import { openApp } from '../app.ts';
import { readConfig } from '../config.ts';
import { createLog } from '../log.ts';
import { listTenants, migrateTenant } from '../store/tenant.ts';
import { counted, createOutput } from './output.ts';
import type { CommonOptions } from './session.ts';

export function registerMigrate(program: Command): void {
  program
    .command('migrate')
    .description('Bring the database to this program’s version, all tenants, and end.')
    .addHelpText(
      'after',
      `
Every process does it for what it needs, so nothing has to be called before a start. A deployment calls it first, to
learn that the database answers and that the key is the right one before anything is replaced. Safe to repeat, and
while older processes run.

Example: npm run -s cli -- migrate`,
    )
    .action(async (_: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CommonOptions>();
      const output = createOutput(flags.json ?? false);
      const app = await openApp(readConfig(), createLog({ level: flags.verbose ? 'debug' : 'warn' }));
      try {
        const { pool } = app.store;
        const tenants = await listTenants(pool);
        for (const { id } of tenants) await migrateTenant(pool, id);
        output.line(
          `The database is at this program's version, with the data of ${counted(tenants.length, 'tenant')}.`,
        );
        output.result({ store: pool.kind, queue: app.backend.kind, tenants: tenants.map(({ id }) => id) });
      } finally {
        await app.close();
      }
    });
}
