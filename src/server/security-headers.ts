import { randomBytes } from 'node:crypto';
import type { RequestHandler } from 'express';
import helmet from 'helmet';
import { isSecure } from './cookies.ts';

/** The nonce of this response's page: scripts and styles without it do not run. */
export const NONCE = 'nonce';

/**
 * Headers of every response. Pages run only their own scripts, load nothing from elsewhere and stand in no frame;
 * a route that a CRM frames says so itself.
 */
export function securityHeaders(publicUrl: string): RequestHandler {
  const secure = isSecure(publicUrl);
  const apply = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'", (_request, response) => `'nonce-${nonceOf(response)}'`],
        styleSrc: ["'self'", (_request, response) => `'nonce-${nonceOf(response)}'`],
        // Charts place their tooltips with style attributes; these can't load or run anything.
        styleSrcAttr: ["'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
        ...(secure && { upgradeInsecureRequests: [] }),
      },
    },
    strictTransportSecurity: secure && { maxAge: 31_536_000, includeSubDomains: false },
    referrerPolicy: { policy: 'same-origin' },
    crossOriginEmbedderPolicy: false,
  });
  return (request, response, next) => {
    response.locals[NONCE] = randomBytes(16).toString('base64');
    apply(request, response, next);
  };
}

/** Helmet's own types know a bare ServerResponse; Express puts `locals` on it. */
function nonceOf(response: object): string {
  const locals = 'locals' in response ? (response.locals as Record<string, unknown>) : {};
  return String(locals[NONCE]);
}
