import type { Command } from 'commander';
import type { z } from 'zod';
import { InputError } from '../errors.ts';
import { showRate } from '../model/money-words.ts';
import {
  listOwnRates,
  OwnRate,
  RateCurrency,
  RateDay,
  removeRate,
  setRates,
} from '../pipeline/profile/own-rates.ts';
import { toldRates } from '../views/told-rates.ts';
import pc from './colours.ts';
import { noteChange } from './note.ts';
import { table } from './output.ts';
import { type CommonOptions, type Session, withSession } from './session.ts';

type FromFlag = CommonOptions & { from?: string };

const NEXT_RUN = 'The next run works out everybody’s revenue again.';

export function registerRates(program: Command): void {
  const rates = program
    .command('rates')
    .description('Exchange rates: those given here, and the newest that each CRM told.')
    .addHelpText(
      'after',
      `
A rate is what one unit of a currency is worth in the company's own. It is for deals that no CRM brings into it:
what a CRM tells comes first. A deal takes the rate of the day on which it was closed.

Examples:
  npm run -s cli -- rates
  npm run -s cli -- rates set JPY 0.0067
  npm run -s cli -- rates set JPY 0.0064 --from 2026-01-01
  npm run -s cli -- rates remove JPY --from 2026-01-01`,
    )
    .action(async (_flags: CommonOptions, command: Command) => {
      await withSession(command.optsWithGlobals(), showRates);
    });

  rates
    .command('set')
    .argument('<currency>', 'such as JPY')
    .argument('<rate>', 'what one unit of it is worth in the company’s currency, such as 0.0067')
    .option('--from <day>', 'the first day on which it holds; always, if left out')
    .description('Give a rate, or change one that was given.')
    .action(async (currency: string, rate: string, flags: FromFlag, command: Command) => {
      const given = checked(OwnRate, { currency, rate, from: flags.from ?? null });
      await withSession(command.optsWithGlobals(), async (session) => {
        const { app, tenant, output } = session;
        const before = await setRates(app.store.pool, tenant, [given]);
        await noteChange(session, {
          action: 'rates.set',
          subject: given.currency,
          before: { rates: before },
          after: { rates: [given] },
        });
        output.line(`${pc.green('✓')} 1 ${given.currency} = ${given.rate} ${tenant.currency}. ${NEXT_RUN}`);
        output.line();
        await showRates(session);
      });
    });

  rates
    .command('remove')
    .argument('<currency>', 'such as JPY')
    .option('--from <day>', 'the rate’s first day; the one that holds always, if left out')
    .description('Remove a rate that was given.')
    .action(async (currency: string, flags: FromFlag, command: Command) => {
      const key = {
        currency: checked(RateCurrency, currency, 'currency'),
        from: flags.from === undefined ? null : checked(RateDay, flags.from, 'from'),
      };
      await withSession(command.optsWithGlobals(), async (session) => {
        const { app, tenant, output } = session;
        const gone = await removeRate(app.store.pool, tenant, key);
        await noteChange(session, {
          action: 'rates.remove',
          subject: gone.currency,
          before: { rates: [gone] },
          after: { rates: [] },
        });
        output.line(
          `${pc.green('✓')} Removed: 1 ${gone.currency} = ${gone.rate} ${tenant.currency}. ${NEXT_RUN}`,
        );
        output.line();
        await showRates(session);
      });
    });
}

/** @throws InputError that names the part of the command */
function checked<T extends z.ZodType>(schema: T, value: unknown, name = 'The rate'): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new InputError(
    'rate_invalid',
    `${issue?.path.join('.') || name}: ${issue?.message ?? 'is wrong'}. Nothing was changed.`,
    { action: 'Run `rates --help` to see examples.' },
  );
}

async function showRates({ app, tenant, output }: Session): Promise<void> {
  const { pool } = app.store;
  const own = await listOwnRates(pool, tenant);
  const told = await toldRates(pool, tenant);
  if (own.length === 0) output.line('No rate was given here. `rates set CURRENCY RATE` gives one.');
  else {
    output.line(pc.bold('Given here'));
    output.line(
      table(
        HEAD,
        own.map((rate) => rowOf(rate, tenant.currency)),
      ),
    );
  }
  for (const id of new Set(told.map(({ connectionId }) => connectionId))) {
    const its = told.filter(({ connectionId }) => connectionId === id);
    output.line();
    output.line(`${pc.bold(its[0]?.connection ?? id)} (${id}) tells these, which come first`);
    output.line(
      table(
        HEAD,
        its.map((rate) => rowOf(rate, rate.home, showRate)),
      ),
    );
  }
  output.result({ currency: tenant.currency, own, told });
}

const HEAD = ['rate', 'from'];
const rowOf = ({ currency, rate, from }: OwnRate, into: string, show = (text: string) => text) => [
  `1 ${currency} = ${show(rate)} ${into}`,
  from ?? 'always',
];
