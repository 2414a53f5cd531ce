import type { Response } from 'express';
import { toKnownError } from '../store/fault.ts';
import type { ServerParts } from './parts.ts';
import { toProblem } from './problem.ts';
import { NONCE } from './security-headers.ts';

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** What other systems said stands in our pages as text, whatever it is. */
export const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? '');

/** A run tries again by itself; nobody does for who came here. */
const AGAIN = 'Nothing was changed here: begin again in a few minutes.';

/**
 * Tells a person in the browser what went wrong where no page of the workspace can: at the end of an authorisation.
 * No script, nothing loaded; `back` is one of our own paths.
 */
export function noticePage(
  parts: Pick<ServerParts, 'log'>,
  response: Response,
  thrown: unknown,
  back: string,
): void {
  const error = toKnownError(thrown);
  const { status, title, detail, action } = toProblem(error);
  if (status >= 500) parts.log.error({ err: thrown }, 'an authorisation failed');
  response.status(status);
  plainPage(
    response,
    title,
    `<p>${escaped(detail)}</p><p>${escaped(error.retryable ? AGAIN : action)}</p>
<p><a href="${escaped(back)}">Back to Segment Sync</a></p>`,
  );
}

/** A page of ours where the workspace is not: `title` is text, `content` is markup of ours. */
export function plainPage(response: Response, title: string, content: string): void {
  const nonce = escaped(String(response.locals[NONCE]));
  response
    .setHeader('cache-control', 'no-store')
    .type('html')
    .send(
      `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escaped(title)} · Segment Sync</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<style nonce="${nonce}">body{font:1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem}
button{font:inherit;padding:.5rem 1.2rem}</style>
</head><body><main><h1>${escaped(title)}</h1>${content}</main></body></html>`,
    );
}
