import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import type { ServerParts } from './parts.ts';

/** Whose request it was, for the log; set once it is known who asks. */
export const TENANT = 'tenantId';

/** Asked every few seconds by machines. */
const QUIET = new Set(['/healthz', '/readyz', '/metrics']);

/**
 * One line a request, without personal data: the pattern of its route, never its address, which may name somebody.
 * The id goes back to whoever asked, so that they can name the line.
 */
export function requestLog({ log }: Pick<ServerParts, 'log'>): RequestHandler {
  return (request, response, next) => {
    const began = performance.now();
    const id = randomUUID();
    response.setHeader('x-request-id', id);
    response.once('close', () => {
      const route = routeOf(request);
      const line = {
        request: id,
        method: request.method,
        route,
        status: response.statusCode,
        ms: Math.round(performance.now() - began),
        tenant: tenantOf(response),
        // The browser went away before it was answered.
        ...(!response.writableFinished && { cut: true }),
      };
      if (QUIET.has(route)) log.debug(line, 'request');
      else log.info(line, 'request');
    });
    next();
  };
}

/** `/api/runs/:id`; `-` where no route matched. */
export function routeOf(request: Request): string {
  const path: unknown = request.route?.path;
  return typeof path === 'string' ? request.baseUrl + path : '-';
}

function tenantOf(response: Response): string | undefined {
  const tenant: unknown = response.locals[TENANT];
  return typeof tenant === 'string' ? tenant : undefined;
}
