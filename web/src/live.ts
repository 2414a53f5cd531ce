import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { addressOf, type Endpoint } from './api.ts';

/** What to read again when the server says that something happened; endpoints by how they begin. */
const STALE: Record<string, string[]> = {
  run: ['GET /api/runs', 'GET /api/home', 'GET /api/connections'],
  connection: ['GET /api/connections', 'GET /api/receipts', 'GET /api/home'],
  held: ['GET /api/waiting', 'GET /api/home'],
  sizes: ['GET /api/segmentations', 'GET /api/home', 'GET /api/customers', 'GET /api/my', 'GET /api/waiting'],
};
/** Events come in bursts while a run goes on; screens follow once in this time. */
const FOLLOW_MS = 1_000;
/** So long without a stream, and people are told. */
const LOST_MS = 4_000;

/**
 * Keeps what the screens show in step with the server: nothing asks again by the clock, so that a page left open does
 * not keep its session alive. The browser comes back by itself and misses nothing. A page that nobody sees lets go of
 * its stream, as browsers open only six to one server, for all tabs together.
 * @returns whether the server has been out of reach for some seconds
 */
export function useLive(): boolean {
  const client = useQueryClient();
  const [isLost, setIsLost] = useState(false);
  useEffect(() => {
    let source: EventSource | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let lost: ReturnType<typeof setTimeout> | undefined;
    let again: ReturnType<typeof setTimeout> | undefined;
    const inTouch = () => {
      clearTimeout(lost);
      lost = undefined;
      setIsLost(false);
    };
    const due = new Set<string>();
    const follow = () => {
      timer = undefined;
      const beginnings = [...due];
      due.clear();
      void client.invalidateQueries({
        predicate: ({ queryKey: [endpoint] }) =>
          typeof endpoint === 'string' && beginnings.some((beginning) => endpoint.startsWith(beginning)),
      });
    };
    const open = () => {
      source = new EventSource(addressOf('GET /api/events' satisfies Endpoint));
      source.addEventListener('open', inTouch);
      source.addEventListener('error', () => {
        lost ??= setTimeout(() => setIsLost(true), LOST_MS);
        // The browser gives up where it got an answer that is no stream, such as a proxy's page.
        if (source?.readyState !== EventSource.CLOSED) return;
        clearTimeout(again);
        again = setTimeout(() => {
          if (source) open();
        }, LOST_MS);
      });
      for (const [name, beginnings] of Object.entries(STALE)) {
        source.addEventListener(name, () => {
          for (const beginning of beginnings) due.add(beginning);
          timer ??= setTimeout(follow, FOLLOW_MS);
        });
      }
    };
    const close = () => {
      source?.close();
      source = undefined;
      clearTimeout(again);
    };
    // A stream that is opened anew begins with the whole state, so that the screens catch up.
    const onVisibility = () => {
      if (document.hidden) close();
      else if (!source) open();
    };
    // A cable that is pulled ends no stream; the browser knows.
    const onOffline = () => {
      lost ??= setTimeout(() => setIsLost(true), LOST_MS);
    };
    const onOnline = () => {
      if (source?.readyState === EventSource.OPEN) inTouch();
    };
    window.addEventListener('offline', onOffline);
    window.addEventListener('online', onOnline);
    onVisibility();
    document.addEventListener('visibilitychange', onVisibility);
    return () => {
      document.removeEventListener('visibilitychange', onVisibility);
      window.removeEventListener('offline', onOffline);
      window.removeEventListener('online', onOnline);
      close();
      clearTimeout(timer);
      clearTimeout(lost);
    };
  }, [client]);
  return isLost;
}
