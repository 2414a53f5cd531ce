import { timingSafeEqual } from 'node:crypto';
import type { Request } from 'express';
import { PermissionError } from '../errors.ts';
import type { Actor } from './actor.ts';
import type { ServerParts } from './parts.ts';

export const CSRF_HEADER = 'x-csrf-token';

/**
 * Unsafe requests with a cookie come from our own pages only: the browser's Origin and Sec-Fetch-Site say so, and
 * the session's token is with them. Programs with a token of theirs send no cookie, and no browser sends for them.
 * @throws PermissionError
 */
export function requireOwnPage(parts: ServerParts, request: Request, actor: Actor): void {
  if (actor.csrf === null) return;
  const origin = request.headers.origin;
  const site = request.headers['sec-fetch-site'];
  const isOurs =
    (origin === undefined || origin === new URL(parts.publicUrl).origin) &&
    (site === undefined || site === 'same-origin');
  if (isOurs && isSame(request.get(CSRF_HEADER) ?? '', actor.csrf)) return;
  throw new PermissionError(
    'foreign_page',
    'This request did not come from our own page. Nothing was changed.',
    {
      action: 'Load the page again, at the address that is set as PUBLIC_URL, and try again.',
    },
  );
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
