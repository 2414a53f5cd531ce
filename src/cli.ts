import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { CommanderError } from 'commander';
import { INTERRUPTED } from './cli/interrupt.ts';
import { reportError } from './cli/output.ts';
import { STILL_WAITING } from './cli/patience.ts';

// Each start would compile the same files again. Where the folder can't be written, it does.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url)));

const CODES: Record<string, number> = { interrupted: INTERRUPTED, still_waiting: STILL_WAITING };

/** Exit codes: 0 done, 1 it failed (and says why), 2 the command line is wrong, 3 it still waits, 130 it was interrupted. */
async function main(argv: string[]): Promise<number> {
  const { createProgram } = await import('./cli/program.ts');
  const program = await createProgram(...argv.slice(2));
  try {
    await program.parseAsync(argv);
    // A command that ran to its end may still have bad news.
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return wrongLine(error, argv.includes('--json'));
    const { code } = reportError(error, program.opts<{ json?: boolean }>().json ?? false);
    return CODES[code] ?? 1;
  }
}

/** Commander has said it on standard error; programs are told on standard output, too. */
function wrongLine(error: CommanderError, json: boolean): number {
  if (error.exitCode === 0) return 0;
  if (json) {
    const message = error.message.replace(/^error: /, '');
    const action = 'Run with --help to see how.';
    process.stdout.write(`${JSON.stringify({ error: { code: 'command_line', message, action } })}\n`);
  }
  return 2;
}

// Whoever reads our output may stop reading, as `head` does: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await main(process.argv);
