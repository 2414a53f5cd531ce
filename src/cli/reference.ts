import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { InputError } from '../errors.ts';
import { createOutput } from './output.ts';
import type { CommonOptions } from './session.ts';

const FOLDER = fileURLToPath(new URL('../../docs/reference', import.meta.url));

export function registerReference(program: Command): void {
  program
    .command('reference')
    .description(
      'Write the reference pages of docs/reference from the code: settings, commands, API, attributes.',
    )
    .option('--check', 'write nothing; fail where a page differs')
    .addHelpText('after', '\nExample: npm run -s cli -- reference --check')
    .action(async (_: unknown, command: Command) => {
      const { json, check } = command.optsWithGlobals<CommonOptions & { check?: boolean }>();
      const output = createOutput(json ?? false);
      const differing = await update(check ?? false);
      for (const name of differing) output.line(`${check ? 'differs' : 'written'}: docs/reference/${name}`);
      if (differing.length === 0) output.line('The reference says what the code says.');
      output.result({ files: differing, check: check ?? false });
      if (check && differing.length > 0) process.exitCode = 1;
    });
}

/** Every page of the reference by its file name. */
export async function referencePages(program: Command): Promise<Record<string, string>> {
  // Read when it is asked for: the other commands need neither the endpoints nor the pages.
  const [configuration, commands, api, attributes] = await Promise.all([
    import('./reference/configuration.ts'),
    import('./reference/commands.ts'),
    import('./reference/api.ts'),
    import('./reference/attributes.ts'),
  ]);
  return {
    'configuration.md': configuration.configurationPage(),
    'cli.md': commands.commandsPage(program),
    'api.md': api.apiPage(),
    'attributes.md': attributes.attributesPage(),
  };
}

async function update(check: boolean): Promise<string[]> {
  if (!existsSync(fileURLToPath(new URL('../../docs', import.meta.url)))) {
    throw new InputError('docs_absent', 'This copy of the program has no docs.', {
      action: 'Run it in a copy of the repository.',
    });
  }
  const differing: string[] = [];
  // All commands, not only this one.
  const { createProgram } = await import('./program.ts');
  for (const [name, page] of Object.entries(await referencePages(await createProgram()))) {
    const file = join(FOLDER, name);
    const now = await readFile(file, 'utf8').catch(() => null);
    if (now === page) continue;
    differing.push(name);
    if (check) continue;
    await mkdir(FOLDER, { recursive: true });
    await writeFile(file, page);
  }
  return differing;
}
