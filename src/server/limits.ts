import { createHash } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import { ipKeyGenerator, MemoryStore, rateLimit, type Store } from 'express-rate-limit';
import { RateLimitError } from '../errors.ts';
import { sessionToken } from './actor.ts';
import type { ServerParts } from './parts.ts';
import { SharedCounts } from './shared-counts.ts';

const MINUTE_MS = 60_000;

/** Requests a minute, over all web processes. Cards and webhooks have their own doors and are not among them. */
const MOST = {
  /** One address at the doors: links, sign-in, authorisations. */
  door: 60,
  /** One address with cookies or tokens that are not good. */
  refused: 60,
  /** One browser session: a person with many windows and quick fingers. */
  session: 1_200,
  /** All people and programs of one company. */
  tenant: 12_000,
};

/** For sign-in, links and authorisations, by address. */
export function doorLimit(parts: ServerParts): RequestHandler {
  return limit(parts, { name: 'door', keyOf: addressOf });
}

/** For the API, before anybody is known: by session. */
export function sessionLimit(parts: ServerParts): RequestHandler {
  return limit(parts, { name: 'session', keyOf: (request) => sessionKey(parts, request) });
}

/** For the API, once it is known whose it is, or that it is nobody's. Each throws RateLimitError where it is too much. */
export type ApiLimits = {
  ofTenant(tenantId: string): Promise<void>;
  /** Who is known is not slowed by others behind the same address. */
  ofStranger(request: Request): Promise<void>;
};

export function apiLimits(parts: ServerParts): ApiLimits {
  const free = async () => undefined;
  if (parts.isUnlimited) return { ofTenant: free, ofStranger: free };
  const tenants = counter(parts, 'tenant');
  const strangers = counter(parts, 'refused');
  return { ofTenant: tenants, ofStranger: (request) => strangers(addressOf(request)) };
}

type LimitName = keyof typeof MOST;

/** An embedded store has one process, which keeps its counts to itself. */
function countsOf({ store, log }: ServerParts, name: LimitName): Store {
  if (store.pool.kind === 'server')
    return new SharedCounts(store.pool, log, { name, most: MOST[name], windowMs: MINUTE_MS });
  const own = new MemoryStore();
  own.init({ windowMs: MINUTE_MS } as Parameters<MemoryStore['init']>[0]);
  return own;
}

function counter(parts: ServerParts, name: LimitName): (key: string) => Promise<void> {
  const counts = countsOf(parts, name);
  return async (key) => {
    const { totalHits, resetTime } = await counts.increment(key);
    if (totalHits > MOST[name]) throw tooMany(resetTime);
  };
}

function limit(
  parts: ServerParts,
  { name, keyOf }: { name: LimitName; keyOf: (request: Request) => string | undefined },
): RequestHandler {
  if (parts.isUnlimited) return (_request, _response, next) => next();
  return rateLimit({
    windowMs: MINUTE_MS,
    limit: MOST[name],
    store: countsOf(parts, name),
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    keyGenerator: (request) => keyOf(request) ?? '',
    skip: (request) => keyOf(request) === undefined,
    // The address is Express's, which believes as many proxies as are set.
    validate: { xForwardedForHeader: false, trustProxy: false },
    handler: (request, _response, next) => {
      const info = (request as Request & { rateLimit?: { resetTime?: Date } }).rateLimit;
      next(tooMany(info?.resetTime));
    },
  });
}

/** A network of IPv6 is one address: whoever has one has billions. */
const addressOf = (request: Request): string => ipKeyGenerator(request.ip ?? '', 56);

/** The session's hash: the store of counts holds nothing that signs in. */
function sessionKey(parts: ServerParts, request: Request): string | undefined {
  const token = sessionToken(parts, request);
  return token === undefined ? undefined : createHash('sha256').update(token).digest('base64url');
}

function tooMany(until: Date | undefined): RateLimitError {
  const waitMs = Math.max(1_000, (until?.getTime() ?? Date.now() + MINUTE_MS) - Date.now());
  return new RateLimitError(
    'too_many_requests',
    'Too many requests in a minute. This one was not carried out.',
    {
      retryAfterMs: waitMs,
      action: `Wait ${Math.ceil(waitMs / 1_000)} s and go on more slowly.`,
    },
  );
}
