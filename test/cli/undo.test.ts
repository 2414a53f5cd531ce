import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { requestUndo } from '../../src/pipeline/push/undo-progress.ts';
import { openStore } from '../../src/store/open.ts';
import { listTenants, migrateTenant } from '../../src/store/tenant.ts';
import { layEmbeddedStore } from '../database.ts';
import { runCli } from './process.ts';

const SLOW_MS = 300_000;

let folder = '';
let env: Record<string, string> = {};

async function cli(...args: string[]) {
  const ended = await runCli([...args, '--json'], { env });
  const [line = ''] = ended.stdout.trim().split('\n').slice(-1);
  return { ...ended, answer: JSON.parse(line) };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'segment-sync-undo-'));
  env = { DATA_DIR: join(folder, 'data') };
  await layEmbeddedStore(env.DATA_DIR ?? '');
  const shop = join(folder, 'shop');
  await mkdir(shop);
  await writeFile(
    join(shop, 'contacts.csv'),
    'contact_id,email,first_name,last_name,created_at\n1,ada@example.com,Ada,L,2025-01-01\n',
  );
  await writeFile(
    join(shop, 'deals.csv'),
    'deal_id,contact_id,amount,currency,stage,closed_at\n1,1,50,USD,closedwon,2026-01-05\n',
  );
  const definition = join(folder, 'buyers.yaml');
  await writeFile(
    definition,
    `key: buyers
name: Buyers
subject: person
method: rules
segments:
  - { key: some, name: Some, when: { attribute: revenue_total, above: 0 } }
`,
  );
  await cli('connect', 'csv', '--folder', shop);
  await cli('apply', definition, '--yes');
  await cli('release', '--all');
  await cli('run', '--as-of', '2026-02-01');
}, SLOW_MS);
afterAll(() => rm(folder, { recursive: true, force: true }));

it(
  'an undo that was asked for already is followed to its end, and another one waits for it',
  async () => {
    const store = await openStore(readConfig(env));
    try {
      const [first] = await listTenants(store.pool);
      const tenant = await migrateTenant(store.pool, first?.id ?? '');
      await requestUndo(store.pool, tenant, { runId: '1' }, 'somebody');
    } finally {
      await store.close();
    }
    const other = await cli('undo', '--target', 't1', '--yes');
    expect(other.answer.error).toMatchObject({
      code: 'undo_under_way',
      action: expect.stringContaining('`undo 1` follows it'),
    });
    expect(other.code).toBe(1);

    // Nobody is asked again: it was agreed to when it was asked for.
    const { stdout, code } = await runCli(['undo', '1'], { env });
    expect(stdout).toContain('This is being taken back already; following it.');
    expect(stdout).toContain('1 value put back.');
    expect(code).toBe(0);

    const pending = await runCli(['pending'], { env });
    expect(pending.stdout).toContain('Nothing waits for a release.');
    expect(pending.stdout).toMatch(/is paused, and nothing is written there: `targets` says which/);
    expect((await cli('pending')).answer).toMatchObject({ pending: [], paused: ['t1'] });
  },
  SLOW_MS,
);
