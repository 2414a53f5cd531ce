import type { Command } from 'commander';
import { InputError } from '../errors.ts';
import { changeRevenue } from '../pipeline/connection/change-revenue.ts';
import { RevenueSetting } from '../pipeline/profile/revenue.ts';
import { type RevenueLine, revenueCheck } from '../pipeline/publish/setup.ts';
import { type ConnectionRow, listConnections } from '../store/connections.ts';
import { countsAs } from '../views/revenue-lines.ts';
import { unknownRates } from '../views/unknown-rates.ts';
import pc from './colours.ts';
import { noteChange } from './note.ts';
import { count, counted, money, type Output, table } from './output.ts';
import { type CommonOptions, type Session, withSession } from './session.ts';

type RevenueFlags = CommonOptions & {
  connection?: string;
  kind?: string;
  pipelines?: string;
  wonStages?: string;
  dealTypes?: string;
  amount?: string;
  refundTypes?: string;
  refunds?: string;
  currency?: string;
  reset?: boolean;
};

export function registerRevenue(program: Command): void {
  program
    .command('revenue')
    .option('--connection <id>', 'which connection, where there are several')
    .option('--kind <kind>', 'deals: each won deal is a sale; subscriptions: its amount recurs')
    .option('--pipelines <list>', 'only these pipelines or record types, separated by commas')
    .option('--won-stages <list>', 'stages that mean won, where the CRM’s own flag is not to be believed')
    .option('--deal-types <list>', 'only these deal types')
    .option('--amount <attribute>', 'the deal attribute that holds the amount')
    .option('--refund-types <list>', 'deal types that are refunds')
    .option('--refunds <policy>', 'subtract or ignore refunds')
    .option('--currency <code>', 'the account’s home currency, where the CRM does not say it')
    .option('--reset', 'count every won deal again')
    .description('What deals there are, and which of them count as revenue.')
    .addHelpText(
      'after',
      `
Without a setting it shows deals by pipeline, stage and type, with their sums as the CRM has them. With one, the
next run works out everybody's revenue again.

Examples:
  npm run -s cli -- revenue
  npm run -s cli -- revenue --pipelines default,online --refund-types Refund`,
    )
    .action(async (flags: RevenueFlags, command: Command) => {
      const change = settingOf(flags);
      await withSession(command.optsWithGlobals(), async (session) => {
        const { app, tenant, output } = session;
        const { pool } = app.store;
        if (change !== null) await setRevenue(session, flags.connection, flags.reset ? null : change);
        const shown = [];
        for (const connection of await chosen(session, flags.connection)) {
          const lines = await revenueCheck(pool, tenant, connection.id);
          const setting = RevenueSetting.parse(connection.config.revenue ?? {});
          showLines(connection, lines, setting, output);
          shown.push({ connection: connection.id, setting, lines });
        }
        const unknown = await unknownRates(pool, tenant);
        for (const { currency, deals, amount, isGiven } of unknown) {
          const mend = isGiven
            ? 'The next run takes the rate that was given; deals closed before its first day need an earlier one.'
            : `Give one with \`rates set ${currency} RATE\`.`;
          output.line(
            `${pc.yellow('!')} ${counted(deals, 'won deal')} of ${money(Number(amount), currency)} can't be brought into ${tenant.currency}${isGiven ? ' yet' : ': no rate is known'}, so their revenue counts as unknown. ${mend}`,
          );
        }
        output.result({ currency: tenant.currency, connections: shown, unknownRates: unknown });
      });
    });
}

const listOf = (text: string | undefined) =>
  text === undefined
    ? undefined
    : text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '');

/** Null where nothing is to be set. @throws InputError that names the option */
function settingOf(flags: RevenueFlags): RevenueSetting | null {
  const refunds = { dealTypes: listOf(flags.refundTypes), policy: flags.refunds };
  const given = {
    kind: flags.kind,
    pipelines: listOf(flags.pipelines),
    wonStages: listOf(flags.wonStages),
    dealTypes: listOf(flags.dealTypes),
    amount: flags.amount,
    currency: flags.currency,
    refunds: Object.values(refunds).some((value) => value !== undefined) ? refunds : undefined,
  };
  const isGiven = Object.values(given).some((value) => value !== undefined);
  if (!isGiven && !flags.reset) return null;
  const parsed = RevenueSetting.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new InputError(
    'revenue_invalid',
    `${issue?.path.join('.') ?? 'The setting'}: ${issue?.message ?? 'is wrong'}. Nothing was changed.`,
    { action: 'Run `revenue --help` to see what each option takes.' },
  );
}

async function chosen({ app, tenant }: Session, id: string | undefined): Promise<ConnectionRow[]> {
  const connections = await listConnections(app.store.pool, tenant);
  const found = id === undefined ? connections : connections.filter((one) => one.id === id);
  if (found.length > 0) return found;
  throw new InputError(
    'connection_unknown',
    id === undefined ? 'No CRM is connected yet.' : `There is no connection ${id}.`,
    { action: id === undefined ? 'Run `connect` first.' : 'Run `status` to see the connections.' },
  );
}

async function setRevenue(
  session: Session,
  id: string | undefined,
  revenue: RevenueSetting | null,
): Promise<void> {
  const { app, tenant, output } = session;
  const connections = await chosen(session, id);
  const [connection] = connections;
  if (!connection || connections.length > 1) {
    throw new InputError('connection_ambiguous', 'There are several connections. Nothing was changed.', {
      action: `Say which with --connection, one of: ${connections.map((one) => one.id).join(', ')}.`,
    });
  }
  await changeRevenue(app.store.pool, tenant, connection, revenue);
  await noteChange(session, {
    action: 'revenue.change',
    subject: connection.name,
    before: RevenueSetting.parse(connection.config.revenue ?? {}),
    after: revenue ?? RevenueSetting.parse({}),
  });
  output.line(`${pc.green('✓')} Set. The next run works out everybody’s revenue again.`);
  output.line();
}

function showLines(
  { name, id }: ConnectionRow,
  lines: readonly RevenueLine[],
  setting: RevenueSetting,
  output: Output,
): void {
  output.line(`${pc.bold(name)} (${id})`);
  if (lines.length === 0) {
    output.line('  No deal was pulled yet: start a `run` first.');
    return;
  }
  const rows = lines.map((line) => [
    line.pipeline ?? '–',
    line.stage ?? '–',
    line.dealType ?? '–',
    COUNTS_AS[countsAs(line, setting)],
    count(line.deals),
    `${Number(line.amount).toLocaleString('en-US', { minimumFractionDigits: 2 })} ${line.currency ?? ''}`.trimEnd(),
  ]);
  output.line(table(['pipeline', 'stage', 'type', 'counts as', 'deals', 'sum'], rows));
  output.line();
}

const COUNTS_AS = { revenue: 'revenue', refund: 'refund', not_won: 'not won', left_out: 'left out' };
