import { Router } from 'express';
import { z } from 'zod';
import { createDocument, type ZodOpenApiPathsObject } from 'zod-openapi';
import { apiPage } from './api-page.ts';
import type { ServerParts } from './parts.ts';
import { Problem } from './problem.ts';
import type { Route } from './route.ts';
import { NONCE } from './security-headers.ts';

const API_VERSION = '1';

const IfMatch = z.object({
  'If-Match': z
    .string()
    .describe('The ETag of the segment set as it was read; refused where it changed since'),
});

/** GET /openapi.json: the API in OpenAPI 3.1, from the schemas that the routes parse with. GET /api: the same to read. */
export function openApiRoutes(parts: Pick<ServerParts, 'publicUrl'>, routes: readonly Route[]): Router {
  const router = Router();
  let made: unknown;
  const document = () => {
    made ??= openApiDocument(parts.publicUrl, routes);
    return made;
  };
  router.get('/openapi.json', (_request, response) => {
    response.json(document());
  });
  router.get('/api', (_request, response) => {
    response.type('html').send(apiPage(document(), String(response.locals[NONCE])));
  });
  return router;
}

export function openApiDocument(publicUrl: string, routes: readonly Route[]) {
  const paths: ZodOpenApiPathsObject = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    const hasBody = !(route.body instanceof z.ZodUndefined);
    const isEmpty = route.answer instanceof z.ZodVoid;
    paths[path] = {
      ...paths[path],
      [route.method.toLowerCase()]: {
        summary: route.summary,
        description: `Needs the permission \`${route.may}\`.${route.startsWork ? ' Takes an Idempotency-Key.' : ''}`,
        tags: [route.tag],
        requestParams: {
          path: route.params as z.ZodObject,
          query: route.query as z.ZodObject,
          ...(route.needsTag && { header: IfMatch }),
        },
        ...(hasBody && { requestBody: { content: { 'application/json': { schema: route.body } } } }),
        responses: {
          [String(route.status ?? (isEmpty && !route.streams ? 204 : 200))]: {
            description: 'Done',
            ...(route.streams && { content: { [route.streams]: { schema: { type: 'string' } } } }),
            ...(!isEmpty && !route.streams && { content: { 'application/json': { schema: route.answer } } }),
          },
          default: {
            description: 'What happened, what is safe, what to do',
            content: { 'application/problem+json': { schema: Problem } },
          },
        },
      },
    };
  }
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Segment Sync',
      version: API_VERSION,
      description:
        'Everything on the screens, for programs. Authorise with a token made under Settings: `Authorization: Bearer TOKEN`.',
    },
    servers: [{ url: publicUrl }],
    security: [{ token: [] }],
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    paths,
  });
}
