import { stringifySetCookie } from 'cookie';
import type { Response } from 'express';
import type { ServerParts } from './parts.ts';

/** Browsers keep `__Host-` cookies over HTTPS only; without it, on one's own machine, the plain name is used. */
export const isSecure = (publicUrl: string): boolean => publicUrl.startsWith('https:');

export const sessionCookieName = (secure: boolean): string => (secure ? '__Host-session' : 'session');

/** For the browser only: no script reads it, no other site's page sends it along. */
export function setCookie(
  parts: ServerParts,
  response: Response,
  { name, value, seconds }: { name: string; value: string; seconds: number },
): void {
  const secure = isSecure(parts.publicUrl);
  response.append(
    'set-cookie',
    stringifySetCookie({
      name: secure ? `__Host-${name}` : name,
      value,
      httpOnly: true,
      secure,
      sameSite: 'lax',
      path: '/',
      maxAge: seconds,
    }),
  );
}

export function setSessionCookie(parts: ServerParts, response: Response, token: string): void {
  // As long as the session may last; the server ends it earlier where it is idle.
  setCookie(parts, response, { name: 'session', value: token, seconds: 7 * 86_400 });
}

export function clearSessionCookie(parts: ServerParts, response: Response): void {
  setCookie(parts, response, { name: 'session', value: '', seconds: 0 });
}
