import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { commandNames } from '../../src/cli/commands.ts';
import { createProgram } from '../../src/cli/program.ts';
import { root } from './process.ts';

const { commands } = await createProgram();

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
}

test.each(commands.map((command) => [command.name(), command] as const))(
  'the help of %s says what it does and gives an example that parses',
  async (name, command) => {
    expect(command.description()).toMatch(/\.$|: check our/);
    const help = helpOf(command);
    const examples = help
      .split('\n')
      .filter((line) => line.includes('npm run') || line.includes('npm start'));
    expect(examples.some((line) => line.includes(name))).toBe(true);
    for (const line of examples) await expectToParse(line.slice(line.indexOf('npm ')));
  },
);

test('no two commands have one name, and all take the options of the program', () => {
  const names = commands.map((command) => command.name());
  expect(new Set(names).size).toBe(names.length);
  for (const command of commands) expect(helpOf(command)).toContain('--json');
});

test('a command that is asked for comes with the file that has it, and the others unread', async () => {
  expect(commandNames()).toEqual(commands.map((command) => command.name()));
  const { commands: read } = await createProgram('pending');
  expect(read.map((command) => command.name())).toEqual(['pending', 'release', 'targets', 'hold', 'pause']);
  expect((await createProgram('pendign')).commands).toHaveLength(commands.length);
});

test('a command is found behind the value of an option that is named like another', async () => {
  const { commands: read } = await createProgram('--tenant', 'run', 'status');
  expect(read.map((command) => command.name())).toEqual(['run', 'cancel', 'status']);
});

test('every command line in the README exists, with its options', async () => {
  const readme = await readFile(`${root}/README.md`, 'utf8');
  const blocks = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, text = '']) => text);
  const lines = blocks.flatMap((block) => block.split('\n')).filter((line) => line.startsWith('npm '));
  const inText = [...readme.matchAll(/`(npm [^`]+)`/g)].map(([, text = '']) => text);
  expect(lines.length).toBeGreaterThan(5);
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(await readFile(`${root}/package.json`, 'utf8')));
  for (const line of [...lines, ...inText]) {
    for (const part of line.replace(/ +#.*$/, '').split('&&')) {
      const script = /^npm (?:run (?:-s )?)?([\w-]+)/.exec(part.trim())?.[1] ?? '';
      expect(['install', ...Object.keys(scripts)], part).toContain(script);
      await expectToParse(part.trim());
    }
  }
});

/** The command exists, knows each option, and gets no more arguments than it takes. */
async function expectToParse(line: string): Promise<void> {
  const short = /^npm run (demo|sandbox)\b/.exec(line)?.[1];
  if (short === undefined && !/^npm run (-s )?cli -- /.test(line)) return;
  const words: string[] = [...(line.replace(/ +[#>].*$/, '').match(/"[^"]*"|\S+/g) ?? [])];
  const given = words.includes('--') ? words.slice(words.indexOf('--') + 1) : [];
  let args = short === undefined ? given : [short, ...given];
  let command = await createProgram();
  for (;;) {
    const next = command.commands.find((one) => one.name() === args[0]);
    if (next === undefined) break;
    command = next;
    args = args.slice(1);
  }
  const { operands, unknown: left } = command.parseOptions(args);
  let unknown = left;
  // Options of the commands above count wherever they stand.
  for (let above = command.parent; above !== null; above = above.parent) {
    unknown = above.parseOptions(unknown).unknown;
  }
  const globals = ['--json', '--help', '--verbose'];
  expect(
    unknown.filter((word) => !globals.includes(word)),
    line,
  ).toEqual([]);
  const isVariadic = command.registeredArguments.some(({ variadic }) => variadic);
  if (!isVariadic) expect(operands.length, line).toBeLessThanOrEqual(command.registeredArguments.length);
}

test('--version says which version this is', async () => {
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(await readFile(`${root}/package.json`, 'utf8')));
  let text = '';
  const program = (await createProgram()).configureOutput({ writeOut: (part) => (text += part) });
  await expect(program.parseAsync(['node', 'segment-sync', '--version'])).rejects.toMatchObject({
    exitCode: 0,
  });
  expect(text).toBe(`${version}\n`);
});
