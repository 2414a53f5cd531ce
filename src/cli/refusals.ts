import type { Command } from 'commander';
import { InputError } from '../errors.ts';
import { ObjectType } from '../model/record.ts';
import { acceptFall, listFalls } from '../pipeline/pull/falls.ts';
import { listRefusals } from '../pipeline/push/refusals.ts';
import { listConnections } from '../store/connections.ts';
import { confirm } from './confirm.ts';
import { noteChange } from './note.ts';
import { count, counted, table } from './output.ts';
import { type CommonOptions, withSession } from './session.ts';

export function registerRefusals(program: Command): void {
  program
    .command('refusals')
    .description('Records that a CRM refuses to be written, by its reason. Each run tries them again.')
    .addHelpText('after', '\nExample: npm run -s cli -- refusals --json')
    .action(async (_flags: CommonOptions, command: Command) => {
      await withSession(command.optsWithGlobals(), async ({ app, tenant, output }) => {
        const { pool } = app.store;
        const names = new Map((await listConnections(pool, tenant)).map(({ id, name }) => [id, name]));
        const refusals = await listRefusals(pool, tenant);
        if (refusals.length === 0) output.line('No record is refused.');
        else {
          const rows = refusals.map(({ connectionId, object, code, message, records, samples, since }) => [
            names.get(connectionId) ?? connectionId,
            object,
            count(records),
            code,
            since.toISOString().slice(0, 10),
            samples.join(', '),
            message,
          ]);
          output.line(
            table(['connection', 'object', 'records', 'reason', 'since', 'ids', 'the CRM says'], rows),
          );
        }
        output.result({ refusals });
      });
    });

  program
    .command('accept-fall')
    .argument('<object>', 'contact, company or deal')
    .option('--connection <id>', 'which connection, where several wait')
    .option('--yes', 'do it without asking')
    .description('Say that records which went missing at once are really gone.')
    .addHelpText(
      'after',
      `
Where many records of a connection are suddenly gone, none of them is removed until somebody has looked: \`doctor\`
and \`status\` name such a fall. Accepted, the next run removes them, and their labels with them.

Example: npm run -s cli -- accept-fall contact`,
    )
    .action(
      async (
        object: string,
        flags: CommonOptions & { connection?: string; yes?: boolean },
        command: Command,
      ) => {
        const parsed = ObjectType.safeParse(object);
        if (!parsed.success) {
          throw new InputError('object_unknown', `There are no records called "${object}".`, {
            action: `Use one of: ${ObjectType.options.join(', ')}.`,
          });
        }
        await withSession(command.optsWithGlobals(), async (session) => {
          const { app, tenant, output } = session;
          const { pool } = app.store;
          const falls = (await listFalls(pool, tenant)).filter(
            (fall) =>
              fall.object === parsed.data && (flags.connection ?? fall.connectionId) === fall.connectionId,
          );
          const [fall] = falls;
          if (!fall || new Set(falls.map(({ connectionId }) => connectionId)).size > 1) {
            const which = falls.map(({ connectionId }) => connectionId).join(', ');
            throw new InputError(
              'no_fall',
              fall
                ? `Several connections lost ${object} records: ${which}. Nothing was changed.`
                : `No ${object} records wait for a decision. Nothing was changed.`,
              { action: fall ? 'Say which with --connection.' : 'Run `doctor` to see what waits for you.' },
            );
          }
          output.line(
            `${counted(fall.missing, `${object} record`)} of ${count(fall.live)} of ${fall.connectionId} would be removed.`,
          );
          if (!(await confirm('Are they really gone?', flags, output))) return;
          for (const one of falls) await acceptFall(pool, tenant, one);
          await noteChange(session, {
            action: 'fall.accept',
            subject: `${parsed.data} records of ${fall.connectionId}`,
            after: { accepted: true },
          });
          output.line('The next run removes them.');
          output.result({ accepted: falls });
        });
      },
    );
}
