import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { readConfig } from '../config.ts';
import { InputError } from '../errors.ts';
import { keyFile } from '../store/keys.ts';
import { backUp, type Moved, moveToServer, restore } from '../store/move.ts';
import { openStore } from '../store/open.ts';
import { interruptible } from './interrupt.ts';
import { count, createOutput, type Output } from './output.ts';

type MoveFlags = { to?: string; from?: string; force?: boolean; json?: boolean };

export function registerMove(program: Command): void {
  program
    .command('move')
    .description('Carry the whole store to a Postgres server, or to and from a backup file.')
    .option('--to <url or file>', 'an empty database, postgres://…, or a file to write a backup to')
    .option('--from <file>', 'restore this backup into the store that the environment names')
    .option('--force', 'replace a backup file that is there')
    .addHelpText(
      'after',
      `
Stop the app first: the embedded store can be open in one process only.
Row counts and checksums of every table are compared; the destination gets everything or stays empty.

Examples:
  npm run -s cli -- move --to postgres://user:password@host:5432/segments
  npm run -s cli -- move --to segments.backup
  DATABASE_URL=postgres://… ENCRYPTION_KEY=… npm run -s cli -- move --from segments.backup`,
    )
    .action(async (_flags: MoveFlags, command: Command) => {
      const flags = command.optsWithGlobals<MoveFlags>();
      const output = createOutput(flags.json ?? false);
      if (flags.from !== undefined && flags.to === undefined) return restoreFrom(flags.from, output);
      if (flags.to !== undefined && flags.from === undefined)
        return moveTo(flags.to, flags.force ?? false, output);
      throw new InputError('move_where', 'Say either where to (--to) or where from (--from).', {
        action: 'Run `move --help` to see examples.',
      });
    });
}

async function moveTo(to: string, force: boolean, output: Output): Promise<void> {
  const isServer = /^postgres(ql)?:\/\//.test(to);
  // Said without the address: it may hold a password.
  if (!isServer && to.includes('://')) {
    throw new InputError('move_where', 'That is no address of a Postgres server. Nothing was moved.', {
      action: 'Write postgres://user:password@host:5432/database, or the name of a file for a backup.',
    });
  }
  if (!isServer && existsSync(to) && !force) {
    throw new InputError('backup_exists', `${to} is there already. Nothing was changed.`, {
      action: 'Choose another name, or add --force to replace it.',
    });
  }
  const config = readConfig();
  const store = await openStore(config);
  try {
    const moved = await interruptible(STOPPED, (signal) => {
      const onTable = announce(output, signal);
      return isServer ? moveToServer(store, to, onTable) : backUp(store, to, onTable);
    });
    const key = config.encryptionKey ? 'ENCRYPTION_KEY, as it is set now' : keyFile(config.dataDir);
    report(output, moved, { to: isServer ? 'server' : to, key });
    if (!isServer)
      output.line(
        `Keep the key apart from the backup: without it, CRM tokens can't be read. It is in ${key}.`,
      );
    else {
      output.line('This store stays as it was. To go on with the server, set for every process:');
      output.line(`  DATABASE_URL    the address that you gave`);
      output.line(`  ENCRYPTION_KEY  ${config.encryptionKey ? 'the same as now' : `the line in ${key}`}`);
    }
  } finally {
    await store.close();
  }
}

async function restoreFrom(path: string, output: Output): Promise<void> {
  const config = readConfig();
  const moved = await interruptible(STOPPED, (signal) => restore(path, config, announce(output, signal)));
  report(output, moved, { from: path });
}

const STOPPED = {
  message: 'It was interrupted. The destination is as it was before, and so is what was read.',
  action: 'Do the same again: it begins at the beginning.',
};

/** Tells each table as its turn comes; at a table whoever interrupted is heard. */
function announce(output: Output, signal: AbortSignal) {
  return (table: { schema: string; name: string; digest: { rows: number } }) => {
    signal.throwIfAborted();
    output.progress(`${table.schema}.${table.name}: ${count(table.digest.rows)} rows`);
  };
}

function report(output: Output, moved: Moved, where: Record<string, string>): void {
  output.progressDone();
  output.line(`${count(moved.rows)} rows in ${moved.tables} tables, counts and checksums equal.`);
  output.result({ ...moved, ...where });
}
