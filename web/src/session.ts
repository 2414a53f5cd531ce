import { createContext, useContext } from 'react';
import type { Permission } from '../../src/model/role.ts';
import { type Answer, keepCsrfToken } from './api.ts';
import { useApi } from './query.ts';

export type Session = Answer<'GET /api/session'>;

export const SessionContext = createContext<Session | null>(null);

/** Who is signed in, from the server. */
export function useSessionQuery() {
  const query = useApi('GET /api/session');
  if (query.data?.csrf) keepCsrfToken(query.data.csrf);
  return query;
}

/** Who is signed in; inside the shell there is always somebody. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('a screen stands outside the shell');
  return session;
}

/** May whoever is signed in do this? The server decides in any case; screens leave out what it would refuse. */
export function useMay(permission: Permission): boolean {
  return useSession().permissions.includes(permission);
}

/** Ends the session and leaves the workspace with nothing kept in the page. */
export function useSignOut(): () => Promise<void> {
  const session = useContext(SessionContext);
  return async () => {
    await fetch('/sign-out', {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'x-csrf-token': session?.csrf ?? '' },
    });
    window.location.assign('/sign-in');
  };
}
