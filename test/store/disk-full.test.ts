import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmdirSync, statfsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { openStore } from '../../src/store/open.ts';
import { transaction } from '../../src/store/pool.ts';
import { runCli } from '../cli/process.ts';
import { layEmbeddedStore } from '../database.ts';

const disk = mkdtempSync(join(tmpdir(), 'segment-sync-disk-'));
const isMounted = mount('size=90m');

/** A real file system of its own in memory; only root may make one. */
function mount(options: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', disk], { stdio: 'ignore' });
    return true;
  } catch {
    process.stderr.write('disk-full.test.ts: may not mount a small disk here; left out\n');
    return false;
  }
}

afterAll(() => {
  if (isMounted) execFileSync('umount', [disk]);
  rmdirSync(disk);
});

it.skipIf(!isMounted)(
  'a full disk loses nothing that was saved, says so, and goes on when there is space',
  async () => {
    const config = {
      databaseUrl: undefined,
      dataDir: join(disk, 'data'),
      encryptionKey: undefined,
      oldEncryptionKeys: [],
    };
    await layEmbeddedStore(config.dataDir);
    const store = await openStore(config);
    await store.pool.query('create table app.note (id int primary key, text text)');
    let saved = 0;
    const fill = async () => {
      for (;;) {
        await store.pool.query('insert into app.note values ($1, $2)', [
          saved + 1,
          randomBytes(300_000).toString('base64'),
        ]);
        saved += 1;
      }
    };
    await expect(fill()).rejects.toThrow(/No space left/);
    // Without room for its log it panics: whatever is asked then is refused at once.
    const panic = async () => {
      for (;;) await store.pool.query("select pg_logical_emit_message(true, 'fill', repeat('x', 1000000))");
    };
    await expect(panic()).rejects.toThrow(/No space left/);
    const stopped = await store.stopped;
    expect(stopped).toMatchObject({ code: 'embedded_store_stopped', action: expect.stringMatching(/space/) });
    await expect(transaction(store.pool, (client) => client.query('select 1'))).rejects.toBe(stopped);
    await expect(store.pool.query('select 1')).rejects.toBe(stopped);
    await store.close();
    expect(saved).toBeGreaterThan(5);

    await openStore(config).then(
      (opened) => opened.close(),
      (error: unknown) => expect(error).toBeInstanceOf(ConfigError),
    );

    execFileSync('mount', ['-o', 'remount,size=300m', disk]);
    const again = await openStore(config);
    const { rows } = await again.pool.query('select count(*)::int, max(length(text)) from app.note');
    await again.close();
    expect(rows).toEqual([{ count: saved, max: 400_000 }]);
  },
);

it.skipIf(!isMounted)(
  'a run on a full disk ends with 1 and what to do, and goes on when there is space',
  async () => {
    execFileSync('mount', ['-o', 'remount,size=200m', disk]);
    const folder = join(disk, 'crm');
    await mkdir(folder);
    const contacts = Array.from({ length: 3_000 }, (_, i) => `${i},p${i}@example.com,F${i},L${i},2026-01-01`);
    await writeFile(
      join(folder, 'contacts.csv'),
      ['contact_id,email,first_name,last_name,created_at', ...contacts, ''].join('\n'),
    );
    await writeFile(join(folder, 'deals.csv'), 'deal_id,contact_id,amount,currency,stage,closed_at\n');
    const env = { DATA_DIR: join(disk, 'cli') };
    await layEmbeddedStore(env.DATA_DIR);
    const connected = await runCli(['connect', 'csv', '--folder', folder], { env });
    expect(connected.code, connected.stderr).toBe(0);
    const { bavail, bsize } = statfsSync(disk);
    const ballast = join(disk, 'ballast');
    await writeFile(ballast, Buffer.alloc(bavail * bsize - 300_000));

    const full = await runCli(['run'], { env });
    expect(full.stderr).toMatch(/disk|No space left/);
    expect(full.stderr).toMatch(/Free space|space left/);
    expect(full.code).toBe(1);

    await rm(ballast);
    const again = await runCli(['run', '--json'], { env });
    expect(again.code, again.stderr).toBe(0);
    const answer = JSON.parse(again.stdout.trim().split('\n').at(-1) ?? '');
    expect(answer).toMatchObject({ state: 'done' });
    expect(JSON.stringify(answer)).toContain('"contact.new":3000');
  },
);
