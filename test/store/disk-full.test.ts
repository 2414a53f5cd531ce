import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { openStore } from '../../src/store/open.ts';
import { layEmbeddedStore } from '../database.ts';

// Whole processes and databases on disk: slow where the machine is busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

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
    await expect(fill()).rejects.toThrow(/No space left|stopped/);
    await store.close().catch(() => undefined);
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
