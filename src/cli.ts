import { Command, CommanderError } from 'commander';
import { registerCommands } from './cli/commands.ts';
import { reportError } from './cli/output.ts';

/** Exit codes: 0 done, 1 it failed (and says why), 2 the command line is wrong. */
async function main(argv: string[]): Promise<number> {
  const program = new Command('segment-sync')
    .description('Keeps customer segments in step between HubSpot, Salesforce and the people who use them.')
    .option('--json', 'answer with JSON on standard output, for programs')
    .option('--tenant <id>', 'which tenant, where the store holds several')
    .option('--verbose', 'log what happens on standard error')
    .showHelpAfterError('Run with --help to see how.')
    .configureHelp({ sortSubcommands: false, showGlobalOptions: true })
    .exitOverride();
  program.addHelpText(
    'after',
    `
A first round:
  $ npm run demo                             two stand-in CRMs, everything from pull to write-back
  $ npm run -s cli -- connect hubspot        authorise a real portal
  $ npm run -s cli -- apply my-segments.yaml publish segmentations from a file
  $ npm run -s cli -- run --dry-run          see what would be written
  $ npm run -s cli -- pending                what waits for you
  $ npm run -s cli -- release --all          let it be written
  $ npm start                                runs on a schedule from now on`,
  );
  registerCommands(program);
  try {
    await program.parseAsync(argv);
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    reportError(error, program.opts<{ json?: boolean }>().json ?? false);
    return 1;
  }
}

process.exitCode = await main(process.argv);
