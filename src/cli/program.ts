import { Command } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { registerCommands } from './commands.ts';

/**
 * The command line, ready to parse; a wrong one throws CommanderError instead of ending the process. With the commands
 * among the words that are `asked`, or with all of them.
 */
export async function createProgram(...asked: string[]): Promise<Command> {
  const program = new Command('segment-sync')
    .description('Keeps customer segments in step between HubSpot, Salesforce and the people who use them.')
    .version(packageJson.version, '--version', 'say which version this is')
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
  $ npm start                                runs on a schedule from now on

Exit codes: 0 done; 1 it failed, and says why; 2 the command line is wrong; 3 it gave up waiting (\`--wait\`)
for what goes on later; 130 it was interrupted.`,
  );
  await registerCommands(program, asked);
  return program;
}
