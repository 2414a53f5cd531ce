import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { expect, inject, it } from 'vitest';
import type { Answer, Request, WorkerData } from '../../src/store/embedded-worker.ts';
import { decodeReply, encodeQuery } from '../../src/store/wire.ts';

/** The thread needs about 40 MB to open the database; what it answers here is 45 MB, and several times that parsed. */
const HEAP_MB = 64;
const ANSWERS = 60;
const ROWS = 5_000;

it('keeps nothing of what it has answered', async () => {
  const { dump } = inject('testDatabase');
  const workerData: WorkerData = { dataDir: null, dump: await readFile(dump) };
  const worker = new Worker(new URL('../../src/store/embedded-worker.ts', import.meta.url), {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  const ask = async (request: Request): Promise<Answer> => {
    const answered = once(worker, 'message');
    worker.postMessage(request);
    return (await answered)[0] as Answer;
  };
  try {
    await once(worker, 'message');
    for (let i = 0; i < ANSWERS; i += 1) {
      const text = `select n, repeat('x', 100) || n as text from generate_series(1, ${ROWS}) n`;
      const answer = await ask({ kind: 'exec', message: encodeQuery(text, undefined) });
      expect(answer.kind === 'reply' && decodeReply(answer.reply).results[0]?.rowCount).toBe(ROWS);
    }
  } finally {
    await worker.terminate();
  }
});
