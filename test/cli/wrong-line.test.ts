import type { Command } from 'commander';
import { CommanderError } from 'commander';
import { expect, test, vi } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';

/** All commands that do something, as the words to call them by. */
const wordsOf = (command: Command, before: string[] = []): string[][] =>
  command.commands.flatMap((own) => {
    const words = [...before, own.name()];
    return own.commands.length > 0 ? wordsOf(own, words) : [words];
  });

const all = wordsOf(await createProgram('--help'));

test('there are commands to look at', () => {
  expect(all.map((words) => words.join(' '))).toEqual(expect.arrayContaining(['learn', 'plan', 'preview']));
});

test.each([...all.map((words) => [[...words, '--no-such-option']] as const), [['learn', 'rfm']] as const])(
  '%j is a wrong command line, whichever command it is',
  async (words) => {
    const quiet = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      const program = await createProgram(...words);
      const ending = program.parseAsync(['node', 'cli', ...words]);
      await expect(ending).rejects.toBeInstanceOf(CommanderError);
      await expect(ending).rejects.toMatchObject({ exitCode: 1 });
    } finally {
      quiet.mockRestore();
    }
  },
);
