import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';

/** What the thread is started with: a folder, or a dump to load into memory, or neither (an empty database). */
export type WorkerData = { dataDir: string | null; dump: Uint8Array | null };

/** One at a time: the next request is sent when the answer to the last one has come. */
export type Request = { kind: 'exec'; message: Uint8Array } | { kind: 'dump' } | { kind: 'close' };
export type Answer = { kind: 'reply'; reply: Uint8Array } | { kind: 'failed'; message: string };

/** Opens the database in this thread and answers requests in Postgres' wire protocol. */
async function serve(port: MessagePort, { dataDir, dump }: WorkerData): Promise<void> {
  const db = await PGlite.create({
    ...(dataDir !== null && { dataDir }),
    ...(dump !== null && { loadDataDir: new Blob([dump as Uint8Array<ArrayBuffer>]) }),
  });
  const answer = (reply: Uint8Array<ArrayBuffer>) =>
    port.postMessage({ kind: 'reply', reply } satisfies Answer, [reply.buffer]);
  const handle = async (request: Request): Promise<Uint8Array<ArrayBuffer>> => {
    switch (request.kind) {
      case 'exec':
        return replyTo(db, request.message);
      case 'dump':
        return new Uint8Array(await (await db.dumpDataDir('none')).arrayBuffer());
      case 'close':
        await db.close();
        return new Uint8Array(0);
    }
  };
  port.on('message', (request: Request) => {
    handle(request).then(answer, (error: unknown) => port.postMessage(failed(error)));
  });
  answer(new Uint8Array(0));
}

/**
 * The bytes of the answer, read as they come: `execProtocolRaw` would parse them here too, and keep every message of
 * every answer for ever (seen in 0.5.16, 600 bytes a statement without rows, 2026-11-22), until collecting the garbage
 * of this thread stops it for a quarter of a second.
 */
async function replyTo(db: PGlite, message: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  // A copy: each part is a view of the database's own memory.
  await db.execProtocolRawStream(message, { onRawData: (part) => parts.push(part.slice()) });
  const reply = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    reply.set(part, at);
    at += part.length;
  }
  return reply;
}

function failed(error: unknown): Answer {
  return { kind: 'failed', message: describe(error) };
}

/** As the C library of the database numbers it. */
const NO_SPACE = 51;

/** The file system of the database throws objects with a number, and no errors. */
function describe(error: unknown): string {
  if (error instanceof Error) return error.message;
  if (typeof error !== 'object' || error === null || !('errno' in error)) return String(error);
  return error.errno === NO_SPACE ? 'no space is left on the disk' : `file error ${String(error.errno)}`;
}

if (parentPort !== null) {
  const port = parentPort;
  await serve(port, workerData).catch((error: unknown) => port.postMessage(failed(error)));
}
