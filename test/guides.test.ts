/**
 * The guides' commands. Those of the command line that need no CRM account, browser or server are run, page after
 * page, each page on a store of its own with a small shop beside it; of the others it is checked that the command
 * line understands them. Blocks marked `sh` are ours to hold; what belongs to other programs is marked `console`.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, CommanderError } from 'commander';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createProgram } from '../src/cli/program.ts';
import { layEmbeddedStore } from './database.ts';

const ROOT = join(import.meta.dirname, '..');
const CLI = /^npm run -s cli -- /;
const SCRIPT =
  /^npm (?:--prefix (?<folder>\S+) )?(?:run (?:-s )?(?<name>[\w-]+)|(?<short>start|test|ci|install))/;
/** Pages whose commands are run in order. */
const RUN = ['install.md', 'revops.md', 'operators.md', 'security.md'];
/** These need what is not here: a server, a browser with somebody before it. Tests of their own run them. */
const ELSEWHERE = [/ move --to postgres:/, / connect (hubspot|salesforce)/, / demo\b/, / marketplace\b/];

const names = ['README.md', ...(await readdir(join(ROOT, 'docs'))).filter((name) => name.endsWith('.md'))];
const pages = await Promise.all(
  names.map(async (name) => ({
    name,
    text: await readFile(join(ROOT, name === 'README.md' ? name : `docs/${name}`), 'utf8'),
  })),
);

/** The commands of a page's `sh` blocks, without what is said after them. */
function commandsOf(text: string): string[] {
  return [...text.matchAll(/^ *```sh\n(.*?)^ *```/gms)].flatMap(([, block = '']) =>
    block
      .split('\n')
      .map((line) => line.replace(/(^|\s+)#.*$/, '').trim())
      .filter((line) => line !== ''),
  );
}

/** The words of a command, quotes taken off. */
const wordsOf = (command: string): string[] =>
  [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

const folders: string[] = [];
afterAll(async () => {
  vi.unstubAllEnvs();
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  process.exitCode = undefined;
});
afterEach(() => {
  process.exitCode = undefined;
});

/** A folder with a store, the shop of the install guide, and the files that the page shows. */
async function workplace(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'segment-sync-guide-'));
  folders.push(folder);
  await layEmbeddedStore(join(folder, 'data'));
  await mkdir(join(folder, 'my-shop'));
  const people = Array.from({ length: 30 }, (_, index) => index + 1);
  await writeFile(
    join(folder, 'my-shop/contacts.csv'),
    `contact_id,email,first_name,last_name,created_at\n${people
      .map((n) => `${n},${n === 1 ? 'ann' : `p${n}`}@example.com,P,${n},2025-01-01`)
      .join('\n')}\n`,
  );
  await writeFile(
    join(folder, 'my-shop/deals.csv'),
    `deal_id,contact_id,amount,currency,stage,closed_at\n${people
      .map((n) => `${n},${n},${n * 10},USD,closedwon,2026-01-${String((n % 28) + 1).padStart(2, '0')}`)
      .join('\n')}\n`,
  );
  const [yaml] = [...text.matchAll(/^```yaml\n(key: second_order\n.*?)^```/gms)].map(([, block]) => block);
  if (yaml) await writeFile(join(folder, 'second-order.yaml'), yaml);
  vi.stubEnv('DATA_DIR', join(folder, 'data'));
  for (const name of ['DATABASE_URL', 'REDIS_URL']) vi.stubEnv(name, '');
  return folder;
}

/** Names of files in a command are those of the page's folder. */
const placed = (words: string[], folder: string) =>
  words.map((word) => (/^(my-shop|[\w-]+\.(yaml|backup))$/.test(word) ? join(folder, word) : word));

async function cli(words: string[]): Promise<string> {
  let text = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((part) => {
    text += String(part);
    return true;
  });
  try {
    await (await createProgram()).parseAsync(['node', 'cli', ...words]);
  } finally {
    write.mockRestore();
  }
  return text;
}

/** The command line with nothing behind its commands: it parses, and refuses what it does not know. */
async function understanding(): Promise<Command> {
  const silence = (command: Command): void => {
    const silent = { writeOut: () => undefined, writeErr: () => undefined };
    command.exitOverride().configureOutput(silent);
    command.action(() => undefined);
    for (const inner of command.commands) silence(inner);
  };
  const program = await createProgram();
  silence(program);
  return program;
}

describe.each(pages)('$name', ({ name, text }) => {
  const commands = commandsOf(text);
  const ours = commands.filter((command) => CLI.test(command));

  it.skipIf(commands.length === 0)('names only scripts that there are', async () => {
    for (const command of commands.flatMap((line) => line.split(' && '))) {
      const { folder = '.', name: script, short } = SCRIPT.exec(command)?.groups ?? {};
      expect(script ?? short, command).toBeDefined();
      if (short === 'ci' || short === 'install') continue;
      const { scripts } = JSON.parse(await readFile(join(ROOT, folder, 'package.json'), 'utf8'));
      expect(Object.keys(scripts), command).toContain(script ?? short);
    }
  });

  it.skipIf(ours.length === 0)('says nothing that the command line does not understand', async () => {
    for (const command of ours) {
      const parsed = (await understanding())
        .parseAsync(['node', 'cli', ...wordsOf(command.replace(CLI, ''))])
        .catch((error: unknown) => {
          if (error instanceof CommanderError && error.exitCode === 0) return;
          throw error;
        });
      await expect(parsed, command).resolves.not.toThrow();
    }
  });

  it('links only to what is there', async () => {
    const base = name === 'README.md' ? ROOT : join(ROOT, 'docs');
    for (const [, link = ''] of text.matchAll(/\]\(([^)#]*)(?:#[^)]*)?\)/g)) {
      if (link === '' || /^https?:/.test(link)) continue;
      expect(existsSync(join(base, link)), `${name}: ${link}`).toBe(true);
    }
  });

  it.runIf(RUN.includes(name))(
    'has commands that work, one after the other',
    async () => {
      const folder = await workplace(text);
      // The first page begins with nothing; the others go on from a shop that is connected, the second from one that ran.
      if (name !== 'install.md') await cli(['connect', 'csv', '--folder', join(folder, 'my-shop')]);
      if (name === 'revops.md') await cli(['run', '--as-of', '2026-02-15']);
      for (const command of ours.filter((line) => !ELSEWHERE.some((other) => other.test(line)))) {
        const words = wordsOf(command.replace(CLI, ''));
        // A backup is restored into a store that is empty.
        if (words.includes('--from')) {
          await copyKey(join(folder, 'data'), join(folder, 'restored'));
          vi.stubEnv('DATA_DIR', join(folder, 'restored'));
        }
        await expect(cli(placed(words, folder)), command).resolves.toBeDefined();
        expect(process.exitCode ?? 0, command).toBe(0);
      }
    },
    // Each command opens the store anew; on a busy machine that adds up.
    400_000,
  );
});

async function copyKey(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  await writeFile(join(to, 'encryption.key'), await readFile(join(from, 'encryption.key')), { mode: 0o600 });
}

it('pictures in guides are there and small', async () => {
  const folder = join(ROOT, 'docs/images');
  for (const file of await readdir(folder)) {
    const bytes = (await readFile(join(folder, file))).length;
    expect(bytes, file).toBeLessThan(125_000);
  }
});
