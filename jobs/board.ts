import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import type { RequestHandler } from 'express';
import type { QueueBackend } from './backend.ts';

/**
 * The queue, to look at. Nothing can be done to it there: what is queued follows from Postgres, and a job that was
 * removed or tried again by hand would be put right by the next tick anyway.
 */
export function queueBoard(backend: QueueBackend, path: string): RequestHandler {
  const server = new ExpressAdapter();
  server.setBasePath(path);
  createBullBoard({
    queues: [new BullMQAdapter(backend.whole, { readOnlyMode: true })],
    serverAdapter: server,
    options: { uiConfig: { boardTitle: 'Segment Sync' } },
  });
  const router: RequestHandler = server.getRouter();
  return router;
}
