import { timingSafeEqual } from 'node:crypto';
import type { Request } from 'express';
import { PermissionError } from '../errors.ts';
import type { Actor } from './actor.ts';
import type { ServerParts } from './parts.ts';

const CSRF_HEADER = 'x-csrf-token';

/**
 * Unsafe requests with a cookie come from our own pages only: the browser's Origin and Sec-Fetch-Site say so, and
 * the session's token is with them. Programs with a token of theirs send no cookie, and no browser sends for them.
 * @throws PermissionError
 */
export function requireOwnPage(parts: ServerParts, request: Request, actor: Actor): void {
  if (actor.csrf === null) return;
  if (isOwnOrigin(parts, request) && isSame(request.get(CSRF_HEADER) ?? '', actor.csrf)) return;
  throw foreignPage();
}

/** For the few unsafe requests of people who are not signed in yet. @throws PermissionError */
export function requireOwnOrigin(parts: ServerParts, request: Request): void {
  if (!isOwnOrigin(parts, request)) throw foreignPage();
}

function isOwnOrigin(parts: ServerParts, request: Request): boolean {
  const origin = request.headers.origin;
  const site = request.headers['sec-fetch-site'];
  return (
    (origin === undefined || origin === new URL(parts.publicUrl).origin) &&
    (site === undefined || site === 'same-origin')
  );
}

const foreignPage = () =>
  new PermissionError('foreign_page', 'This request did not come from our own page. Nothing was changed.', {
    action: 'Load the page again, at the address that is set as PUBLIC_URL, and try again.',
  });

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
