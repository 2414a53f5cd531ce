import { type Request, type RequestHandler, type Response, Router } from 'express';
import { queueBoard } from '../../jobs/board.ts';
import { PermissionError } from '../errors.ts';
import { listTenants } from '../store/tenant.ts';
import { actorOf, requirePermission } from './actor.ts';
import type { ServerParts } from './parts.ts';

const PATH = '/queues';

/**
 * The board brings its own page: it styles itself, and asks for fonts from elsewhere, which it does without here.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'self'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * GET /queues: the queue, for whoever runs this installation. It shows the jobs of all tenants, so that where there are
 * several, being the admin of one is not enough. Nothing can be changed there.
 */
export function boardRoutes(parts: ServerParts): Router {
  const router = Router();
  let board: RequestHandler | undefined;
  router.use(PATH, async (request: Request, response: Response, next) => {
    response.setHeader('cache-control', 'no-store');
    const actor = await actorOf(parts, request);
    requirePermission(actor, 'administer');
    if (actor.kind !== 'person' || !(await runsInstallation(parts, actor.name))) throw notTheOperator();
    if (request.method !== 'GET' && request.method !== 'HEAD') throw onlyLook();
    response.setHeader('content-security-policy', POLICY);
    board ??= queueBoard(parts.backend, PATH);
    board(request, response, next);
  });
  return router;
}

async function runsInstallation(parts: ServerParts, email: string): Promise<boolean> {
  if (parts.config.operators.includes(email)) return true;
  return parts.config.operators.length === 0 && (await listTenants(parts.store.pool)).length === 1;
}

const notTheOperator = () =>
  new PermissionError('not_operator', 'The queue is for whoever runs this installation.', {
    action: 'Name their addresses in OPERATORS.',
  });

const onlyLook = () =>
  new PermissionError('board_is_read_only', 'The queue can be looked at, not changed. Nothing was changed.', {
    action: 'Cancel or start runs in the workspace.',
  });
