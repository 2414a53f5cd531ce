import express, { type Express, type Request } from 'express';
import { NotFoundError } from '../errors.ts';
import { boardRoutes } from './board.ts';
import { hubspotCardRoutes } from './card-hubspot.ts';
import { healthRoutes } from './health.ts';
import { httpSpans } from './http-spans.ts';
import { doorLimit, sessionLimit } from './limits.ts';
import { metrics } from './metrics.ts';
import { mountRoutes } from './mount.ts';
import { oauthRoutes } from './oauth.ts';
import { openApiRoutes } from './openapi.ts';
import type { ServerParts } from './parts.ts';
import { problems } from './problem.ts';
import { requestLog } from './request-log.ts';
import { routes } from './routes.ts';
import { securityHeaders } from './security-headers.ts';
import { signInRoutes } from './sign-in.ts';
import { pageRoutes, type WebFiles } from './web-files.ts';
import { webhookRoutes } from './webhooks.ts';

/** Builds the app; main.ts listens. Without web files it is the API alone. */
export function createServerApp(parts: ServerParts, web?: WebFiles): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.set('trust proxy', parts.config.trustProxy);
  const measured = metrics(parts.metrics);
  app.use(requestLog(parts), measured.clock, httpSpans());
  app.use(securityHeaders(parts.publicUrl));
  app.use(healthRoutes(parts.probes));
  app.use(measured.route);
  app.use(['/sign-in', '/sign-out', '/install', '/oauth'], doorLimit(parts));
  app.use(signInRoutes(parts));
  app.use(oauthRoutes(parts));
  app.use(webhookRoutes(parts));
  app.use(hubspotCardRoutes(parts));
  app.use(boardRoutes(parts));
  app.use(openApiRoutes(parts, routes));
  app.use('/api', sessionLimit(parts));
  app.use(express.json({ limit: '1mb' }));
  app.use(mountRoutes(parts, routes));
  app.use('/api', nothingHere);
  if (web) app.use(pageRoutes(web));
  // Express's own answer would lose our headers.
  app.use(nothingHere);
  app.use(problems(parts));
  return app;
}

function nothingHere(request: Request): never {
  throw new NotFoundError(
    'address_unknown',
    `There is nothing at ${request.method} ${request.originalUrl}.`,
    { action: 'See /api for what there is.' },
  );
}
