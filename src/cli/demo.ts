import type { Command } from 'commander';
import { InputError } from '../errors.ts';
import { interruptible } from './interrupt.ts';
import { createOutput } from './output.ts';
import type { CommonOptions } from './session.ts';

export type DemoFlags = CommonOptions & {
  contacts: string;
  template: string;
  seed: string;
  only?: string;
  contactsCsv?: string;
  dealsCsv?: string;
  asOf?: string;
  once?: boolean;
  open?: boolean;
  keep?: boolean | string;
};

export function registerDemo(program: Command): void {
  program
    .command('demo')
    .description(
      'The main job, end to end: two stand-in CRMs over HTTP, pull, segment, hold, release, write back.',
    )
    .option('--contacts <number>', 'how many people', '2000')
    .option(
      '--template <key>',
      'which segments, as `templates` lists them: saas, b2b, lifecycle, renewals, ...',
      'e-commerce',
    )
    .option('--seed <number>', 'another seed, another company', '1')
    .option('--only <system>', 'connect only hubspot or only salesforce')
    .option(
      '--contacts-csv <file>',
      'your own contacts instead (contact_id,email,first_name,last_name,created_at)',
    )
    .option('--deals-csv <file>', 'and their deals (deal_id,contact_id,amount,currency,stage,closed_at)')
    .option('--as-of <date>', 'count from this day; now, or with CSV the day after the last deal')
    .option('--once', 'end when done, on a terminal too')
    .option('--open', 'afterwards serve the workspace over it (PORT, or 3000) and print a link to sign in')
    .option(
      '--keep [folder]',
      'keep the store afterwards: in this folder, empty or new, or in one of its own',
    )
    .addHelpText(
      'after',
      `
Other commands look at a store that was kept where DATA_DIR names its folder. Its stand-in CRMs are gone, so that
nothing can be read from them or written back.

Examples:
  npm run demo -- --contacts 10000 --template saas
  npm run demo -- --keep ./demo-store
  DATA_DIR=./demo-store npm run -s cli -- status`,
    )
    .action(async (given: DemoFlags, command: Command) => {
      const flags = { ...given, ...command.optsWithGlobals<CommonOptions>() };
      checkFlags(flags);
      // Read once the options are right: it brings the whole program.
      const { performDemo } = await import('./demo/perform.ts');
      const kept = flags.keep ? 'The store is kept' : 'What it made is removed';
      await interruptible(
        { message: `The demo was interrupted. ${kept}.`, action: 'Start it again when you like.' },
        (signal) => performDemo(flags, createOutput(flags.json ?? false), signal),
      );
    });
}

function checkFlags(flags: DemoFlags): void {
  if (!/^-?\d{1,15}$/.test(flags.seed)) {
    throw new InputError('seed_invalid', `"${flags.seed}" is no seed.`, {
      action: 'Write a whole number, such as --seed 2.',
    });
  }
  if (!/^[1-9]\d{0,6}$/.test(flags.contacts)) {
    throw new InputError('contacts_invalid', `"${flags.contacts}" is not a number of contacts.`, {
      action: 'Write a whole number from 1 to 9999999, such as --contacts 2000.',
    });
  }
  if (flags.only !== undefined && flags.only !== 'hubspot' && flags.only !== 'salesforce') {
    throw new InputError('only_invalid', `There is no stand-in for "${flags.only}".`, {
      action: 'Use --only hubspot or --only salesforce.',
    });
  }
  if ((flags.contactsCsv === undefined) !== (flags.dealsCsv === undefined)) {
    throw new InputError('csv_incomplete', 'Contacts and deals come as two files.', {
      action: 'Give both --contacts-csv and --deals-csv.',
    });
  }
}
