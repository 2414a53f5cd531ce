import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { openStore } from '../../src/store/open.ts';
import { layEmbeddedStore } from '../database.ts';
import { root, runCli } from './process.ts';

const SLOW_MS = 300_000;

let folder = '';
let env: Record<string, string> = {};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'segment-sync-bad-'));
  env = { DATA_DIR: join(folder, 'data') };
  await layEmbeddedStore(join(folder, 'data'));
  await writeFile(join(folder, 'file'), '');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a wrong command line ends with 2 and says what is wrong', () => {
  it.concurrent.each([
    ['an unknown command', ['conect'], /unknown command 'conect'[\s\S]*connect/],
    ['an unknown option', ['run', '--dryrun'], /unknown option '--dryrun'[\s\S]*--dry-run/],
    ['an argument that is missing', ['explain'], /missing required argument 'who'/],
  ])(
    '%s',
    async (_, args, said) => {
      const { code, stderr, stdout } = await runCli(args);
      expect(stderr).toMatch(said);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    },
    SLOW_MS,
  );
});

it(
  'programs are told on standard output, too',
  async () => {
    const { code, stdout } = await runCli(['explain', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'command_line', message: "missing required argument 'who'" },
    });
    expect(code).toBe(2);
  },
  SLOW_MS,
);

it(
  'an address of another kind of server is not taken for the name of a backup',
  async () => {
    const { code, stderr } = await runCli(['move', '--to', 'mysql://u:p@host/x'], { env });
    expect(stderr).toContain('no address of a Postgres server');
    expect(stderr).not.toContain('u:p@');
    expect(code).toBe(1);
  },
  SLOW_MS,
);

it.concurrent.each([
  ['the number of a run', ['cancel', 'abc'], /"abc" is not the number of a run/],
  ['a port', ['connect', 'hubspot', '--port', '99999'], /"99999" is no port/],
  ['an address', ['connect', 'hubspot', '--api-url', 'here'], /"here" is no address of a CRM/],
])(
  '%s that is none is told before anything is opened',
  async (_, args, said) => {
    const unused = join(folder, 'never-made');
    const { code, stderr } = await runCli(args, { env: { DATA_DIR: unused } });
    expect(stderr).toMatch(said);
    expect(code).toBe(1);
    expect(existsSync(unused)).toBe(false);
  },
  SLOW_MS,
);

it.concurrent.each([
  ['a folder with something in it', 'data', /data is not empty; nothing in it was changed/],
  ['a file', 'file', /can't be kept in .*file: ENOTDIR/],
])(
  'the demo keeps nothing in %s',
  async (_, name, said) => {
    const { code, stderr } = await runCli(['demo', '--once', '--keep', join(folder, name)]);
    expect(stderr).toMatch(said);
    expect(stderr).toContain('empty, or not there yet');
    expect(code).toBe(1);
  },
  SLOW_MS,
);

it(
  'the stand-in CRMs say why they did not start',
  async () => {
    const { code, stdout } = await runCli(['sandbox', '--json', '--contacts', 'many']);
    expect(JSON.parse(stdout).error.message).toMatch(/did not start: --contacts: /);
    expect(code).toBe(1);
  },
  SLOW_MS,
);

describe('a setting', () => {
  it.concurrent.each([
    ['that is malformed is named', { PORT: 'eighty' }, /PORT must be a whole number/],
    ['that another one needs is named', { HUBSPOT_CLIENT_ID: 'x' }, /HUBSPOT_CLIENT_SECRET is missing/],
    [
      'whose value is secret is named without it',
      { DATABASE_URL: 'mysql://u:p@host/x' },
      /DATABASE_URL must be/,
    ],
  ])(
    '%s',
    async (_, wrong, said) => {
      const { code, stderr } = await runCli(['status'], {
        env: { DATA_DIR: join(folder, 'unused'), ...wrong },
      });
      expect(stderr).toMatch(said);
      expect(stderr).not.toContain('u:p@');
      expect(code).toBe(1);
    },
    SLOW_MS,
  );
});

it(
  'all that is wrong in definitions is said at once, with its line and the nearest name',
  async () => {
    const misspelt = join(folder, 'misspelt.yaml');
    await writeFile(
      misspelt,
      `key: shop
name: Shop
subject: person
method: rules
labels: many
segments:
  - key: ${'x'.repeat(60)}
    name: Too long for a CRM
    when: { attribute: revenue_total, atleast: 3 }
`,
    );
    const circle = join(folder, 'circle.yaml');
    await writeFile(
      circle,
      `key: ring
name: Ring
subject: person
method: rules
labels: many
segments:
  - { key: one, name: One, when: { segment: ring.two } }
  - { key: two, name: Two, when: { all: [{ segment: ring.one }, { attribute: contry, is: US }] } }
`,
    );
    const aliases = join(folder, 'aliases.yaml');
    const levels = [...'abcdefgh'].map((name, i, all) => {
      const items = Array(9).fill(i === 0 ? 'x' : `*${all[i - 1]}`);
      return `${name}: &${name} [${items.join(', ')}]`;
    });
    await writeFile(aliases, `${levels.join('\n')}\n`);
    const { code, stderr } = await runCli(['plan', misspelt, circle, aliases], { env });
    expect(stderr).toMatch(/aliases\.yaml:1:1: .*alias/);
    expect(stderr).toMatch(/misspelt\.yaml:7:\d+: .*key/);
    expect(stderr).toMatch(/misspelt\.yaml:9:\d+: "atleast" is not known here; did you mean atLeast/);
    expect(stderr).toMatch(/circle\.yaml:8:\d+: .*contry.*country/);
    expect(stderr).toMatch(/circle\.yaml:\d:\d+: .*circle: ring\.one -> ring\.two -> ring\.one/);
    expect(stderr).toContain('Nothing was changed.');
    expect(code).toBe(1);
  },
  SLOW_MS,
);

it(
  'a field of 100 MB is refused with its line, in little memory, and nothing is connected',
  async () => {
    const csv = join(folder, 'huge');
    await mkdir(csv);
    await writeFile(join(csv, 'deals.csv'), 'deal_id,contact_id,amount,currency,stage,closed_at\n');
    const file = createWriteStream(join(csv, 'contacts.csv'));
    file.write('contact_id,email,first_name,last_name,created_at\n1,a@example.com,A,B,2026-01-01\n2,"');
    const megabyte = 'x'.repeat(1024 * 1024);
    for (let i = 0; i < 100; i += 1) if (!file.write(megabyte)) await once(file, 'drain');
    file.end('",C,D,2026-01-01\n');
    await once(file, 'finish');
    const { code, stdout } = await runCli(['connect', 'csv', '--folder', csv, '--json'], { env });
    const answer = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
    expect(answer.error.message).toMatch(/contacts\.csv.*line 3/);
    expect(answer.error.action).not.toBe('');
    expect(code).toBe(1);
  },
  SLOW_MS,
);

it(
  'a second process on the same folder is turned away, with the number of the first',
  async () => {
    const store = await openStore(readConfig({ DATA_DIR: join(folder, 'data') }));
    try {
      const { code, stderr } = await runCli(['status'], { env });
      expect(stderr).toContain(`process ${process.pid}`);
      expect(code).toBe(1);
    } finally {
      await store.close();
    }
  },
  SLOW_MS,
);

it(
  'the program works from another folder, under any name for its own',
  async () => {
    const program = `${root}/bin/segment-sync.js`;
    const { code, stdout } = await runCli(['templates', '--json'], { program, cwd: folder });
    expect(code).toBe(0);
    expect(JSON.parse(stdout).templates.length).toBeGreaterThan(5);
  },
  SLOW_MS,
);
