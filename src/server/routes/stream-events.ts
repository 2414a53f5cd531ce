import { once } from 'node:events';
import type { Request, Response } from 'express';
import { RateLimitError } from '../../errors.ts';
import { sessionHolds } from '../../store/live.ts';
import type { Tenant } from '../../store/tenant.ts';
import { actorOf, sessionToken } from '../actor.ts';
import { feedOf } from '../events.ts';
import type { ServerParts } from '../parts.ts';
import { route } from '../route.ts';

/** Proxies end what is silent for a minute; a session that has ended is noticed at the same time. */
const HEARTBEAT_MS = 15_000;
/** Tabs that one person has open, and some. */
const MOST_OPEN = 12;
/** Bytes that wait for a reader who does not read; they come back and get what they missed. */
const MOST_UNREAD = 1_000_000;
/** How soon a browser comes back after the connection broke. */
const RETRY_MS = 2_000;

const open = new Map<string, number>();

export default route({
  method: 'GET',
  path: '/api/events',
  summary: 'What happens, as server-sent events: run, connection, held, sizes. Resumes after Last-Event-ID',
  tag: 'Runs',
  may: 'read',
  streams: 'text/event-stream',
  handle: async ({ tenant, actor, parts, request, response }) => {
    const own = `${actor.kind} ${actor.id}`;
    const count = open.get(own) ?? 0;
    if (count >= MOST_OPEN) {
      throw new RateLimitError('streams_many', `${MOST_OPEN} streams of yours are open already.`, {
        retryAfterMs: RETRY_MS,
        action: 'Close a tab.',
      });
    }
    open.set(own, count + 1);
    try {
      await stream({ tenant, parts, request, response });
    } finally {
      const left = (open.get(own) ?? 1) - 1;
      if (left > 0) open.set(own, left);
      else open.delete(own);
    }
  },
});

/** Until the caller goes away, or their session ends. */
async function stream({
  tenant,
  parts,
  request,
  response,
}: {
  tenant: Tenant;
  parts: ServerParts;
  request: Request;
  response: Response;
}): Promise<void> {
  const closed = once(response, 'close');
  response.status(200).setHeader('content-type', 'text/event-stream');
  // Proxies that gather what passes would keep events back.
  response.setHeader('x-accel-buffering', 'no');
  response.write(`retry: ${RETRY_MS}\n\n`);
  const feed = feedOf(parts.store.pool, tenant, parts.log);
  const stop = await feed.listen(request.get('last-event-id'), ({ id, name, data }) => {
    response.write(`id: ${id}\nevent: ${name}\ndata: ${data}\n\n`);
    if (response.writableLength > MOST_UNREAD) response.destroy();
  });
  const beat = setInterval(() => {
    response.write(': still here\n\n');
    holds(parts, request).then(
      (holding) => holding || response.end(),
      // Not known just now: asked again at the next beat.
      () => undefined,
    );
  }, heartbeatMs(parts));
  await closed;
  clearInterval(beat);
  stop();
}

const heartbeatMs = (parts: ServerParts): number => parts.heartbeatMs ?? HEARTBEAT_MS;

async function holds(parts: ServerParts, request: Request): Promise<boolean> {
  const token = sessionToken(parts, request);
  if (request.headers.authorization === undefined && token !== undefined)
    return sessionHolds(parts.store.pool, token);
  return actorOf(parts, request).then(
    () => true,
    () => false,
  );
}
