/**
 * A process that opens the store in a folder. `write`: notes numbers for ever and says each after it is saved.
 * `hold`: waits for the end of its standard input.
 */
import { once } from 'node:events';
import { AppError } from '../../src/errors.ts';
import { openStore } from '../../src/store/open.ts';

const [dataDir = '', mode = 'hold'] = process.argv.slice(2);
const say = (line: string) => process.stdout.write(`${line}\n`);

try {
  const store = await openStore({
    databaseUrl: undefined,
    dataDir,
    encryptionKey: undefined,
    oldEncryptionKeys: [],
  });
  say('open');
  if (mode === 'write') {
    await store.pool.query('create table if not exists app.note (id int primary key)');
    const { rows } = await store.pool.query<{ last: number }>(
      'select coalesce(max(id), 0)::int as last from app.note',
    );
    for (let id = (rows[0]?.last ?? 0) + 1; ; id += 1) {
      await store.pool.query('insert into app.note values ($1)', [id]);
      say(String(id));
    }
  }
  process.stdin.resume();
  await once(process.stdin, 'end');
  await store.close();
  say('closed');
} catch (error) {
  say(error instanceof AppError ? `${error.code}: ${error.message}` : String(error));
  process.exitCode = 1;
}
