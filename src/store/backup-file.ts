import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { z } from 'zod';
import { InputError } from '../errors.ts';
import { type Batch, Contents } from './snapshot.ts';

const BatchLine = z.object({
  table: z.number().int(),
  rows: z.array(z.array(z.string().nullable())),
});

/**
 * Writes a snapshot as gzipped lines of JSON: the contents, then batches of rows. The file appears whole or not at
 * all, readable by its owner only. CRM tokens in it stay encrypted; the key is not in it.
 */
export async function writeBackup(
  path: string,
  contents: Contents,
  batches: AsyncIterable<Batch>,
): Promise<void> {
  const draft = `${path}.part`;
  async function* lines(): AsyncGenerator<string> {
    yield `${JSON.stringify(contents)}\n`;
    for await (const batch of batches) yield `${JSON.stringify(batch)}\n`;
  }
  try {
    const file = createWriteStream(draft, { mode: 0o600, flush: true });
    await pipeline(Readable.from(lines()), createGzip(), file);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** @throws InputError where the file is not a backup, or is cut short */
export async function readBackup<T>(
  path: string,
  take: (contents: Contents, batches: AsyncGenerator<Batch>) => Promise<T>,
): Promise<T> {
  const file = createReadStream(path);
  const text = createGunzip();
  const unpacked = pipeline(file, text);
  // Reported below, where the lines end too soon.
  unpacked.catch(() => undefined);
  const lines = createInterface({ input: text, crlfDelay: Number.POSITIVE_INFINITY })[Symbol.asyncIterator]();
  async function* batches(): AsyncGenerator<Batch> {
    for (;;) {
      const line = await lines.next();
      if (line.done) break;
      yield BatchLine.parse(JSON.parse(line.value));
    }
    await unpacked;
  }
  try {
    const first = await lines.next();
    if (first.done) await unpacked;
    const contents = Contents.parse(JSON.parse(first.value ?? ''));
    return await take(contents, batches());
  } catch (error) {
    throw isUnreadable(error) ? notABackup(path, error) : error;
  } finally {
    file.destroy();
  }
}

function isUnreadable(error: unknown): boolean {
  if (error instanceof SyntaxError || error instanceof z.ZodError) return true;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code.startsWith('Z_') || ['ENOENT', 'EACCES', 'EISDIR', 'ERR_STREAM_PREMATURE_CLOSE'].includes(code);
}

function notABackup(path: string, cause: unknown): InputError {
  return new InputError('backup_unreadable', `${path} can't be read as a backup. Nothing was changed.`, {
    action: 'Check the path; if the file is cut short or damaged, use another backup.',
    cause,
  });
}
