import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { addressOf, type Endpoint } from './api.ts';

/** What to read again when the server says that something happened; endpoints by how they begin. */
const STALE: Record<string, string[]> = {
  run: ['GET /api/runs', 'GET /api/home'],
  connection: ['GET /api/connections', 'GET /api/home'],
  held: ['GET /api/waiting', 'GET /api/home'],
  sizes: ['GET /api/segmentations', 'GET /api/home', 'GET /api/customers', 'GET /api/my'],
};
/** Events come in bursts while a run goes on; screens follow once in this time. */
const FOLLOW_MS = 1_000;

/** Keeps what the screens show in step with the server. The browser comes back by itself and misses nothing. */
export function useLive(): void {
  const client = useQueryClient();
  useEffect(() => {
    const source = new EventSource(addressOf('GET /api/events' satisfies Endpoint));
    const due = new Set<string>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const follow = () => {
      timer = undefined;
      const beginnings = [...due];
      due.clear();
      void client.invalidateQueries({
        predicate: ({ queryKey: [endpoint] }) =>
          typeof endpoint === 'string' && beginnings.some((beginning) => endpoint.startsWith(beginning)),
      });
    };
    for (const [name, beginnings] of Object.entries(STALE)) {
      source.addEventListener(name, () => {
        for (const beginning of beginnings) due.add(beginning);
        timer ??= setTimeout(follow, FOLLOW_MS);
      });
    }
    return () => {
      source.close();
      clearTimeout(timer);
    };
  }, [client]);
}
