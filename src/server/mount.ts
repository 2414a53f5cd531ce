import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { z } from 'zod';
import { InputError, PermissionError, SignInError } from '../errors.ts';
import { addAudit, duringRequest } from '../store/audit.ts';
import { isChangedMeanwhile } from '../store/fault.ts';
import { migrateTenant } from '../store/tenant.ts';
import { type Actor, actorOf, requirePermission } from './actor.ts';
import { requireOwnPage } from './csrf.ts';
import { withIdempotency } from './idempotency.ts';
import { type ApiLimits, apiLimits } from './limits.ts';
import type { ServerParts } from './parts.ts';
import { FieldsError } from './problem.ts';
import { TENANT } from './request-log.ts';
import type { AuditNote, Route } from './route.ts';

/** Deeper JSON than any definition needs. */
const MOST_DEPTH = 20;

/** All endpoints as one router: who asks, may they, is it understood, do it, write it down, answer. */
export function mountRoutes(parts: ServerParts, routes: readonly Route[]): Router {
  const router = Router();
  const limits = apiLimits(parts);
  for (const route of routes) {
    const method = route.method.toLowerCase() as 'get' | 'post' | 'put' | 'patch' | 'delete';
    router[method](route.path, handlerOf(parts, route, limits));
  }
  return router;
}

function handlerOf(parts: ServerParts, route: Route, limits: ApiLimits): RequestHandler {
  return async (request, response) => {
    response.setHeader('cache-control', 'no-store');
    const actor = await actorOf(parts, request).catch(async (error: unknown) => {
      if (error instanceof SignInError) await limits.ofStranger(request);
      throw error;
    });
    response.locals[TENANT] = actor.tenantId;
    await limits.ofTenant(actor.tenantId);
    if (route.method !== 'GET') requireOwnPage(parts, request, actor);
    try {
      requirePermission(actor, route.may);
    } catch (error) {
      if (route.action && error instanceof PermissionError)
        await record(parts, route, actor, request, { subject: request.path, after: { refused: true } });
      throw error;
    }
    const work = () => carryOut(parts, route, actor, request, response);
    const answer = isOnlyReading(route) ? () => onceMore(work) : work;
    if (!route.startsWork) return await answer();
    await withIdempotency(parts, { actor, request, response }, answer);
  };
}

const isOnlyReading = (route: Route) => (route.method === 'GET' || route.asks === true) && !route.streams;

/**
 * A read of several statements may meet an attribute, a segmentation or the tenant going between two of them. The
 * next one finds what is there now, or says that it is gone; only where that fails too is something wrong.
 */
async function onceMore(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isChangedMeanwhile(error)) throw error;
    await work();
  }
}

async function carryOut(
  parts: ServerParts,
  route: Route,
  actor: Actor,
  request: Request,
  response: Response,
): Promise<void> {
  const tenant = await migrateTenant(parts.store.pool, actor.tenantId);
  for (const given of [request.params, request.query, request.body]) requireReadable(given);
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  let note: AuditNote | undefined;
  const call = {
    params: read(route.params, request.params, 'address'),
    query: read(route.query, { ...request.query }, 'query'),
    body: read(route.body, request.body, 'body'),
    tenant,
    actor,
    parts,
    signal: gone.signal,
    audit: (given: AuditNote) => {
      note = given;
    },
    request,
    response,
  };
  const { result: answer, lines } = await duringRequest(request.ip, () => route.handle(call));
  // Where what was called wrote its own line, with the change itself, that is the one.
  if (route.action && lines === 0)
    await record(parts, route, actor, request, note ?? { subject: request.path });
  if (route.streams) return;
  const sent = route.answer.parse(answer);
  if (sent === undefined) response.status(route.status ?? 204).end();
  else response.status(route.status ?? 200).json(sent);
}

function read<T extends z.ZodType>(schema: T, value: unknown, part: string): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new FieldsError(parsed.error, part);
}

async function record(
  parts: ServerParts,
  route: Route,
  actor: Actor,
  request: Request,
  note: AuditNote,
): Promise<void> {
  await addAudit(
    parts.store.pool,
    { id: actor.tenantId },
    { actor: actor.name, action: route.action ?? '', origin: request.ip, ...note },
  );
}

/** Not nested too deep, and no text that the store can't hold: with a NUL in it, or half of a sign. */
function requireReadable(value: unknown, depth = 0): void {
  if (typeof value === 'string' && (value.includes('\u0000') || !value.isWellFormed())) {
    throw new InputError('text_unreadable', 'The request holds a text with a sign that is none.', {
      action: 'Leave out NUL, and send whole Unicode signs.',
    });
  }
  if (typeof value !== 'object' || value === null) return;
  if (depth > MOST_DEPTH) {
    throw new InputError('body_too_deep', `The request is nested deeper than ${MOST_DEPTH} levels.`, {
      action: 'Flatten it.',
    });
  }
  for (const [key, inner] of Object.entries(value)) {
    requireReadable(key, depth);
    requireReadable(inner, depth + 1);
  }
}
