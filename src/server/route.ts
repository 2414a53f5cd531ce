/**
 * An endpoint of the API: one file each under routes/, with its schemas, who may call it, and one function. All that
 * endpoints have in common (session, permission, parsing, audit, errors) is done here, so that a new one can't
 * forget it.
 */
import type { Request, Response } from 'express';
import { z } from 'zod';
import type { Permission } from '../model/role.ts';
import type { Tenant } from '../store/tenant.ts';
import type { Actor } from './actor.ts';
import type { ServerParts } from './parts.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What an unsafe request did, for the audit log: of what, and the values before and after. */
export type AuditNote = { subject: string; before?: unknown; after?: unknown };

export type Call<Params, Query, Body> = {
  params: Params;
  query: Query;
  body: Body;
  /** From the session or the token, never from the request's text. */
  tenant: Tenant;
  actor: Actor;
  parts: ServerParts;
  /** Ends when the caller goes away. */
  signal: AbortSignal;
  /** Unsafe requests say here what they changed; one line of the audit log is written, whatever is said. */
  audit(note: AuditNote): void;
  request: Request;
  response: Response;
};

type Schema = z.ZodType;

export type Route<
  M extends Method = Method,
  Path extends string = string,
  Params extends Schema = Schema,
  Query extends Schema = Schema,
  Body extends Schema = Schema,
  Answer extends Schema = Schema,
> = {
  method: M;
  /** As Express writes it: /api/segmentations/:key */
  path: Path;
  summary: string;
  /** The heading in the API's page. */
  tag: string;
  may: Permission;
  params: Params;
  query: Query;
  body: Body;
  /** What is sent, whatever else the function answers; z.void() for 204. */
  answer: Answer;
  /** 200 if left out; 204 where nothing is answered. */
  status?: number;
  /** The action's name in the audit log: `run.start`. Unsafe routes have one. */
  action?: string;
  /** A question too long for an address: a POST that changes nothing, and has no action. */
  asks?: boolean;
  /** Starts work: the same Idempotency-Key answers what the first request did. */
  startsWork?: boolean;
  /** Changes what the caller has before them: `If-Match` has to say which version that is. */
  needsTag?: boolean;
  /** Writes the response itself: a download, a stream of events. Its media type. */
  streams?: string;
  handle(
    call: Call<z.output<Params>, z.output<Query>, z.output<Body>>,
  ): Promise<z.input<Answer>> | z.input<Answer>;
};

const Nothing = z.strictObject({});
type Nothing = typeof Nothing;

type Given<
  M extends Method,
  Path extends string,
  P extends Schema,
  Q extends Schema,
  B extends Schema,
  A extends Schema,
> = Omit<Route<M, Path, P, Q, B, A>, 'params' | 'query' | 'body' | 'answer'> & {
  params?: P;
  query?: Q;
  body?: B;
  answer?: A;
};

/** Declares an endpoint. Left out: no parameters, no query, no body, no answer; unknown fields are refused. */
export function route<
  const M extends Method,
  const Path extends string,
  P extends Schema = Nothing,
  Q extends Schema = Nothing,
  B extends Schema = z.ZodUndefined,
  A extends Schema = z.ZodVoid,
>(given: Given<M, Path, P, Q, B, A>): Route<M, Path, P, Q, B, A> {
  if (given.method !== 'GET' && !given.action && !given.asks)
    throw new TypeError(`${given.path}: unsafe routes name an action`);
  return {
    ...given,
    params: given.params ?? (Nothing as unknown as P),
    query: given.query ?? (Nothing as unknown as Q),
    body: given.body ?? (z.undefined('is not expected here: send none') as unknown as B),
    answer: given.answer ?? (z.void() as unknown as A),
  };
}

/** An instant in answers; ISO 8601 on the wire. */
export const Instant = z.date().meta({ override: { type: 'string', format: 'date-time' } });

/** A number in a query string. */
export const whole = (from: number, to: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `a whole number from ${from} to ${to}`)
    .transform(Number)
    .pipe(z.number().min(from).max(to));

/** What a list's query takes; `after` is `next` of the page before. */
export const PageQuery = z.strictObject({
  after: z.string().max(500).optional(),
  limit: whole(1, 200).default(50),
});

/** One page by keyset: `next` is null on the last. */
export const pageOf = <Item extends Schema>(item: Item) =>
  z.object({ items: z.array(item), next: z.string().nullable() });
