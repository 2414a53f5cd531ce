import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { registerLearn } from '../../src/cli/learn.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'learn-'));
});
afterAll(() => rm(folder, { recursive: true }));

const program = `
  import { learnCommand } from ${JSON.stringify(new URL('../../src/cli/learn.ts', import.meta.url).href)};
  process.exitCode = await learnCommand(JSON.parse(process.argv[1]));
`;

async function learn(
  options: Record<string, unknown>,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const run = promisify(execFile)(process.execPath, [
    '--input-type=module',
    '-e',
    program,
    JSON.stringify(options),
  ]);
  return run.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error) => ({ code: error.code, stdout: error.stdout, stderr: error.stderr }),
  );
}

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

test('prints one JSON object and writes the scores', async () => {
  const rows = Array.from({ length: 40 }, (_, i) => `${i},2026-0${1 + (i % 6)}-11,"${10 + i}.50"`);
  const input = await file('orders.csv', `\uFEFFcustomer,date,amount\n${rows.join('\n')}\n`);
  const scores = join(folder, 'scores.csv');
  const { code, stdout } = await learn({ method: 'rfm', input, scores, json: true });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ method: 'rfm', n: 40 });
  const lines = (await readFile(scores, 'utf8')).trim().split('\n');
  expect(lines).toHaveLength(41);
  expect(lines[0]).toBe('customer,r,f,m,segment');
});

test.each([
  ['no such file', { method: 'rfm', input: '/nowhere/at/all.csv' }, 'file-unreadable'],
  ['no input', { method: 'rfm', input: undefined }, 'options'],
  ['a ragged file', { method: 'rfm', input: 'ragged' }, 'csv-unreadable'],
])('%s: exit 1 and an error with code, message and action', async (_, options, expected) => {
  const ragged = await file('ragged.csv', 'customer,date\na,2026-01-01,3\n');
  const input = options.input === 'ragged' ? ragged : options.input;
  const { code, stdout } = await learn({ ...options, input, json: true });
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toEqual({
    error: { code: expected, message: expect.any(String), action: expect.any(String) },
  });
});

const ORDERS = Array.from({ length: 30 }, (_, i) =>
  ['José', 'Ann', 'Bob'].map((name) => [name, `2026-01-${10 + (i % 20)}`, String(i)]),
);
const table = (delimiter: string) =>
  [['customer', 'date', 'amount'], ...ORDERS.flat()].map((row) => row.join(delimiter)).join('\r\n');

test.each([
  ['commas', Buffer.from(table(','))],
  ['semicolons', Buffer.from(table(';'))],
  ['tabs', Buffer.from(table('\t'))],
  ['UTF-16', Buffer.from(`\uFEFF${table('\t')}`, 'utf16le')],
])('reads a table with %s', async (name, content) => {
  const input = join(folder, `${name}.csv`);
  await writeFile(input, content);
  const { code, stdout } = await learn({ method: 'rfm', input, json: true });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ n: 3 });
});

test.each([
  ['letters of another encoding', Buffer.from(table(','), 'latin1'), 'csv-encoding'],
  ['two columns of one name', Buffer.from('customer,date,date\na,2026-01-01,3\n'), 'csv-header'],
  [
    'a quote left open',
    Buffer.from(`customer,date,amount\n"a${',2026-01-01,3\n'.repeat(99_999)}`),
    'csv-unreadable',
  ],
])('refuses %s', async (_, content, expected) => {
  const input = join(folder, 'refused.csv');
  await writeFile(input, content);
  const { code, stdout } = await learn({ method: 'rfm', input, json: true });
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: expected } });
});

test('scores that cannot be written are told by their path', async () => {
  const input = await file('orders-2.csv', table(','));
  const { code, stdout } = await learn({ method: 'rfm', input, scores: '/nowhere/at/all.csv', json: true });
  expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 1, error: { code: 'file-unwritable' } });
});

test('without --json an error goes to standard error, in words', async () => {
  const { code, stdout, stderr } = await learn({ method: 'rfm', input: '/nowhere.csv' });
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain("can't be opened");
});

test('the help names every option', () => {
  const root = new Command();
  registerLearn(root);
  const help = root.commands[0]?.helpInformation() ?? '';
  for (const option of [
    '--input',
    '--as-of',
    '--calibration-end',
    '--holdout-end',
    '--frequency',
    '--recency',
    '--t <',
    '--monetary',
    '--columns',
    '--k',
    '--scale',
    '--target',
    '--unit',
    '--seed',
    '--scores',
    '--json',
  ]) {
    expect(help).toContain(option);
  }
});
