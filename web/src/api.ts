/**
 * Typed calls of the server. The types come from the server's own table of routes; nothing of its code is bundled.
 * `api('GET /api/runs/:id', { params: { id } })`
 */
import type { z } from 'zod';
import type { Problem } from '../../src/server/problem.ts';
import type { Api } from '../../src/server/routes.ts';

export type Endpoint = keyof Api;
type Part<E extends Endpoint, P extends 'params' | 'query' | 'body'> = z.input<Api[E][P]>;

/** Dates travel as text. */
export type Sent<T> = T extends Date
  ? string
  : T extends (infer Item)[]
    ? Sent<Item>[]
    : T extends object
      ? { [K in keyof T]: Sent<T[K]> }
      : T;

export type Answer<E extends Endpoint> = Sent<z.output<Api[E]['answer']>>;

type Empty = Record<string, never>;
/** In tuples, so that a union stays one. */
type Needed<K extends string, T> = [T] extends [undefined]
  ? unknown
  : undefined extends T
    ? { [k in K]?: T }
    : Empty extends T
      ? { [k in K]?: T }
      : { [k in K]: T };
export type Given<E extends Endpoint> = Needed<'params', Part<E, 'params'>> &
  Needed<'query', Part<E, 'query'>> &
  Needed<'body', Part<E, 'body'>> & { idempotencyKey?: string; ifMatch?: string; signal?: AbortSignal };

type Loose = {
  params?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: unknown;
  idempotencyKey?: string;
  ifMatch?: string;
  signal?: AbortSignal;
};

/** What the server said against it: shown to the reader as it is. */
export class ApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

let csrf = '';
/** The session's token goes with every unsafe call. */
export function keepCsrfToken(token: string): void {
  csrf = token;
}

/** The address of an endpoint, for links to downloads and streams of events. */
export function addressOf<E extends Endpoint>(endpoint: E, given?: Given<E>): string {
  const { params = {}, query = {} } = (given ?? {}) as Loose;
  const path = endpoint.slice(endpoint.indexOf(' ') + 1);
  const filled = path.replace(/:(\w+)/g, (_all, name: string) => encodeURIComponent(String(params[name])));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null) search.set(name, String(value));
  }
  return search.size > 0 ? `${filled}?${search}` : filled;
}

/** @throws ApiError with the server's own words; also where it can't be reached */
export async function api<E extends Endpoint>(
  endpoint: E,
  ...[given]: Empty extends Given<E> ? [Given<E>?] : [Given<E>]
): Promise<Answer<E>> {
  const { body, idempotencyKey, ifMatch, signal } = (given ?? {}) as Loose;
  const method = endpoint.slice(0, endpoint.indexOf(' '));
  const response = await fetch(addressOf(endpoint, given), {
    method,
    credentials: 'same-origin',
    headers: {
      accept: 'application/json',
      ...(method !== 'GET' && { 'x-csrf-token': csrf }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(idempotencyKey && { 'idempotency-key': idempotencyKey }),
      ...(ifMatch && { 'if-match': ifMatch }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: signal ?? null,
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new ApiError(unreachable);
  });
  if (!response.ok) throw new ApiError(await problemOf(response));
  return response.status === 204 ? (undefined as Answer<E>) : ((await response.json()) as Answer<E>);
}

async function problemOf(response: Response): Promise<Problem> {
  if (response.headers.get('content-type')?.includes('problem+json')) return await response.json();
  return { ...unreachable, status: response.status, detail: `The server answered ${response.status}.` };
}

/** Where nobody answers. */
export const unreachable: Problem = {
  type: 'about:blank',
  title: 'No answer',
  status: 0,
  detail: 'The server did not answer. Nothing is lost: what runs goes on there.',
  action: 'Check the connection and try again.',
  code: 'server_silent',
};
