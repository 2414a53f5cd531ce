import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';

/** What the thread is started with: a folder, or a dump to load into memory, or neither (an empty database). */
export type WorkerData = { dataDir: string | null; dump: Uint8Array | null };

/** One at a time: the next request is sent when the answer to the last one has come. */
export type Request = { kind: 'exec'; message: Uint8Array } | { kind: 'dump' } | { kind: 'close' };
export type Answer = { kind: 'reply'; reply: Uint8Array } | { kind: 'failed'; message: string };

const EMPTY = new Uint8Array(0);

/** Opens the database in this thread and answers requests in Postgres' wire protocol. */
async function serve(port: MessagePort, { dataDir, dump }: WorkerData): Promise<void> {
  const db = await PGlite.create({
    ...(dataDir !== null && { dataDir }),
    ...(dump !== null && { loadDataDir: new Blob([dump as Uint8Array<ArrayBuffer>]) }),
  });
  const answer = (reply: Uint8Array) => {
    // A copy: the answer may be a view of the database's own memory.
    const own = reply.slice();
    port.postMessage({ kind: 'reply', reply: own } satisfies Answer, [own.buffer]);
  };
  const handle = async (request: Request): Promise<Uint8Array> => {
    switch (request.kind) {
      case 'exec':
        return db.execProtocolRaw(request.message);
      case 'dump':
        return new Uint8Array(await (await db.dumpDataDir('none')).arrayBuffer());
      case 'close':
        await db.close();
        return EMPTY;
    }
  };
  port.on('message', (request: Request) => {
    handle(request).then(answer, (error: unknown) => port.postMessage(failed(error)));
  });
  answer(EMPTY);
}

function failed(error: unknown): Answer {
  return { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
}

if (parentPort !== null) {
  const port = parentPort;
  await serve(port, workerData).catch((error: unknown) => port.postMessage(failed(error)));
}
