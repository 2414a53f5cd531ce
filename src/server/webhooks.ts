import express, { type Request, type Response, Router } from 'express';
import type { Connector } from '../../connectors/contract.ts';
import { connectors } from '../../connectors/registry.ts';
import { queueErasures, startRefresh } from '../../jobs/webhook-refresh.ts';
import { AppError, InputError, NotFoundError, SignInError } from '../errors.ts';
import { type Noticed, noticeEvents } from '../pipeline/notice.ts';
import type { ServerParts } from './parts.ts';
import { webhookSecrets } from './webhook-secrets.ts';

/** Where the store has not committed by then, the CRM is told to send again. */
const COMMIT_MS = 800;
/** A signature stands for five minutes on both sides of our clock. */
const REPLAY_MS = 10 * 60_000;
const MOST_REMEMBERED = 20_000;

/**
 * POST /webhooks/:system. Answered only once what it says is committed: the CRM sends again what was not answered,
 * and nothing else remembers it.
 */
export function webhookRoutes(parts: ServerParts): Router {
  const router = Router();
  const seen = new Remembered();
  router.post(
    '/webhooks/:system',
    express.raw({ type: () => true, limit: '1mb' }),
    async (request, response) => {
      response.setHeader('cache-control', 'no-store');
      const system = String(request.params.system);
      const webhook = Object.hasOwn(connectors, system) ? connectors[system]?.webhook : undefined;
      if (!webhook) throw noSuch(request);
      const body = bytesOf(request);
      requireSigned(parts, webhook, request, system, body);
      const signature = request.get('x-hubspot-signature-v3') ?? '';
      if (seen.has(signature)) return accept(response);
      const events = parsed(webhook, body);
      const noticed = await inTime(noticeEvents(parts.store.pool, system, events));
      if (noticed === null) return refuse(response);
      seen.add(signature);
      accept(response);
      await followUp(parts, noticed);
    },
  );
  return router;
}

function bytesOf(request: Request): Buffer {
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
}

function requireSigned(
  parts: ServerParts,
  webhook: NonNullable<Connector['webhook']>,
  request: Request,
  system: string,
  body: Buffer,
): void {
  const isGood = webhook.verify(
    {
      method: request.method,
      // What a proxy says of host and protocol is not asked: anybody can say it.
      url: parts.publicUrl + request.originalUrl,
      header: (name) => request.get(name),
      body,
    },
    webhookSecrets(parts.config, system),
    new Date(),
  );
  if (isGood) return;
  throw new SignInError(
    'signature_invalid',
    'The signature is missing, too old or not right. Nothing was read.',
    {
      action: 'Check PUBLIC_URL, the client secret and the clock of this server.',
    },
  );
}

function parsed(webhook: NonNullable<Connector['webhook']>, body: Buffer) {
  try {
    return webhook.parse(body);
  } catch (error) {
    throw new InputError('events_unreadable', 'This is no list of events. Nothing was read.', {
      action: 'Send a JSON array of at most 100 events.',
      cause: error,
    });
  }
}

/** Null where the store is not free in time, or away; what was begun may still be committed, which does no harm. */
async function inTime(work: Promise<Noticed[]>): Promise<Noticed[] | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), COMMIT_MS);
  });
  const done = work.catch((error: unknown) => {
    if (error instanceof AppError && !error.retryable) throw error;
    return null;
  });
  const noticed = await Promise.race([done, late]);
  clearTimeout(timer);
  return noticed;
}

const accept = (response: Response): void => void response.status(204).end();

const refuse = (response: Response): void =>
  void response
    .status(503)
    .setHeader('retry-after', '5')
    .type('application/problem+json')
    .send(
      JSON.stringify({
        type: 'about:blank',
        title: 'Busy',
        status: 503,
        code: 'store_busy',
        detail: 'The store is not free. Nothing was taken on.',
        action: 'Send it again.',
      }),
    );

/** After the answer. What fails here is found in Postgres by the worker's next tick. */
async function followUp(parts: ServerParts, noticed: Noticed[]): Promise<void> {
  const { pool } = parts.store;
  const { queue } = parts.backend;
  for (const { tenant, records, erasures } of noticed) {
    try {
      if (erasures > 0) await queueErasures(queue, tenant);
      if (records > 0) await startRefresh(pool, queue, tenant);
    } catch (error) {
      parts.log.warn({ err: error, tenant: tenant.id }, 'what was noted is begun later');
    }
  }
}

/** Signatures of posts that were taken on, so that a captured one has no second effect here. */
class Remembered {
  readonly #until = new Map<string, number>();

  has(signature: string): boolean {
    return (this.#until.get(signature) ?? 0) > Date.now();
  }

  add(signature: string): void {
    const now = Date.now();
    for (const [old, until] of this.#until) {
      if (until > now && this.#until.size < MOST_REMEMBERED) break;
      this.#until.delete(old);
    }
    this.#until.set(signature, now + REPLAY_MS);
  }
}

const noSuch = (request: Request) =>
  new NotFoundError('address_unknown', `Nobody posts events to ${request.path}.`, {
    action: 'Check the address that was set in the CRM.',
  });
