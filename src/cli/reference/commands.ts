import { EventEmitter } from 'node:events';
import type { Command } from 'commander';
import { code, markdownTable, page, plain } from './markdown.ts';

/** Every command with its options and help, in the order of --help. */
export function commandsPage(program: Command): string {
  const globals = markdownTable(['option', 'what it does'], rowsOf(program));
  return page(
    'Commands',
    'Every command is `npm run -s cli -- COMMAND`, in an image `node src/cli.ts COMMAND`. Exit codes: 0 done; 1 it failed, and says why; 2 the command line is wrong; 3 it gave up waiting (`--wait`) for what goes on later; 130 it was interrupted.',
    ['Every command takes:', globals, ...program.commands.flatMap((command) => sectionOf(command, '##'))],
  );
}

function sectionOf(command: Command, level: string): string[] {
  const name = pathOf(command);
  const rows = rowsOf(command);
  const after = helpAfter(command);
  return [
    `${level} ${name}`,
    plain(command.description()),
    code(`${name} ${usageOf(command)}`.trim()),
    ...(rows.length > 0 ? [markdownTable(['', 'what it does'], rows)] : []),
    ...(after ? [`\`\`\`text\n${after}\n\`\`\``] : []),
    ...command.commands.flatMap((inner) => sectionOf(inner, `${level}#`)),
  ];
}

/** `privacy erase`, without the program's own name. */
function pathOf(command: Command): string {
  const { parent } = command;
  return parent?.parent ? `${pathOf(parent)} ${command.name()}` : command.name();
}

/** Commander answers "[options] <key>"; options have a table. */
function usageOf(command: Command): string {
  return command.usage().replace('[options]', '').replace('[command]', 'COMMAND').trim();
}

function rowsOf(command: Command): string[][] {
  const args = command.registeredArguments
    .filter(({ description }) => description)
    .map((argument) => [
      code(argument.name()),
      plain(argument.description) + defaultOf(argument.defaultValue),
    ]);
  const options = command.options
    .filter(({ hidden }) => !hidden)
    .map(({ flags, description, defaultValue, negate }) => [
      code(flags),
      plain(description) + (negate ? '' : defaultOf(defaultValue)),
    ]);
  return [...args, ...options];
}

/** Folders of this machine are no defaults to write down. */
function defaultOf(value: unknown): string {
  const isShown = value !== undefined && value !== false && !String(value).startsWith('/');
  return isShown ? ` (${code(String(value))} if left out)` : '';
}

/** What a command's help says after its options. */
function helpAfter(command: Command): string {
  let text = '';
  const context = { error: false, command, write: (part: string) => (text += part) };
  // A Command is one, though its types leave that out.
  if (command instanceof EventEmitter) command.emit('afterHelp', context);
  return text.trim();
}
