import type { IncomingHttpHeaders, Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import express, { type Express, type Request, type Response, type Router } from 'express';
import type { Clock } from './clock.ts';
import type { Fault, Faults } from './faults.ts';
import type { CallKind, Journal } from './journal.ts';

export type ApiRequest = {
  method: string;
  /** As sent, without the query. */
  path: string;
  params: Record<string, string>;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** When it arrived, by the sandbox's clock. */
  now: number;
  /** Scheme, host and port as the client sees them. */
  origin: string;
  /** Whether an injected fault refuses the next row of this batch. */
  refusesRow(): boolean;
  /** The injected refusal leaves out optional error fields. */
  refusesBarely: boolean;
};

/** `json` is sent as JSON; else `text` with its content type. */
export type Reply = {
  status: number;
  json?: unknown;
  text?: string;
  contentType?: string;
  headers?: Record<string, string>;
};

export type Endpoint = {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** An Express path. */
  path: string;
  /** What the journal counts it as. */
  name: string;
  kind: CallKind;
  handle(request: ApiRequest): Reply | Promise<Reply>;
};

/** What the two CRMs say differently. */
export type Crm<E extends Endpoint> = {
  endpoints: E[];
  journal: Journal;
  faults: Faults;
  clock: Clock;
  bodyLimitBytes: number;
  /** Another spelling of the same path, put into the one that the endpoints use. */
  canonicalPath?(path: string): string;
  /** Authentication, rights and limits: a reply here means the call is refused. */
  guard(request: ApiRequest, endpoint: E): Reply | undefined;
  /** For an endpoint whose kind depends on the call. */
  kindOf?(request: ApiRequest, endpoint: E): CallKind;
  /** Headers that go with every answer to this call. */
  headers?(request: ApiRequest, endpoint: E): Record<string, string>;
  unknownPath(request: ApiRequest): Reply;
  tooLarge(): Reply;
  serverError(status: number): Reply;
  throttled(retryAfter: string | undefined): Reply;
  /** The reply without its rows. */
  emptied(reply: Reply): Reply;
  /** Served beside the API, neither counted nor limited. */
  admin: Router;
};

/** Thrown by an endpoint that refuses the call. */
export class Refusal extends Error {
  readonly reply: Reply;
  constructor(reply: Reply) {
    super(`refused with ${reply.status}`);
    this.name = 'Refusal';
    this.reply = reply;
  }
}

const HTML_PAGE: Reply = {
  status: 200,
  contentType: 'text/html; charset=utf-8',
  text: '<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>We will be right back</h1></body></html>',
};

export const crmApp = <E extends Endpoint>(crm: Crm<E>): Express => {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('query parser', false);
  app.use('/__sandbox', crm.admin);
  app.use(express.raw({ type: () => true, limit: crm.bodyLimitBytes }));
  const { canonicalPath } = crm;
  if (canonicalPath) {
    app.use((request, _response, next) => {
      request.url = canonicalPath(request.url);
      next();
    });
  }
  for (const endpoint of crm.endpoints) {
    app[endpoint.method](endpoint.path, (request, response) => serve(crm, endpoint, request, response));
  }
  app.use((request, response) => {
    const call = apiRequest(crm, request);
    crm.journal.call('unknown path', 'read');
    crm.journal.broken('unknown_path', 'no such method and path', `${call.method} ${call.path}`, call.now);
    send(response, crm.unknownPath(call));
  });
  app.use((error: unknown, request: Request, response: Response, _next: express.NextFunction) => {
    const call = apiRequest(crm, request);
    crm.journal.call('unreadable body', 'read');
    crm.journal.broken('unreadable_body', String(error), `${call.method} ${call.path}`, call.now);
    send(response, crm.tooLarge());
  });
  return app;
};

const serve = async <E extends Endpoint>(crm: Crm<E>, endpoint: E, incoming: Request, outgoing: Response) => {
  const request = apiRequest(crm, incoming);
  const call = `${request.method} ${request.path}`;
  crm.journal.call(endpoint.name, crm.kindOf?.(request, endpoint) ?? endpoint.kind);
  const refusal = crm.guard(request, endpoint);
  const headers = crm.headers?.(request, endpoint) ?? {};
  if (refusal) return send(outgoing, refusal, headers);

  const fault = crm.faults.next(call);
  if (fault) {
    crm.journal.fault(fault.kind);
    if (fault.kind === 'latency') await sleep(fault.ms);
    if (fault.kind === 'drop' && fault.when === 'before') return void incoming.socket.destroy();
    const instead = insteadOfApplying(crm, fault);
    if (instead) return send(outgoing, instead, headers);
    if (fault.kind === 'partial') {
      request.refusesRow = () => crm.faults.chance() < fault.share;
      request.refusesBarely = fault.bare;
    }
  }
  const reply = await answer(crm, endpoint, request, call);
  if (!fault) return send(outgoing, reply, headers);
  if (fault.kind === 'drop')
    return fault.when === 'during'
      ? sendHalf(outgoing, reply, headers, true)
      : void incoming.socket.destroy();
  if (fault.kind === 'truncate') return sendHalf(outgoing, reply, headers, false);
  if (fault.kind === 'status') return send(outgoing, crm.serverError(fault.status), headers);
  if (fault.kind === 'empty' && reply.status === 200) return send(outgoing, crm.emptied(reply), headers);
  return send(outgoing, reply, headers);
};

const insteadOfApplying = <E extends Endpoint>(crm: Crm<E>, fault: Fault): Reply | undefined => {
  if (fault.kind === 'html') return HTML_PAGE;
  if (fault.kind === 'throttle') {
    crm.journal.throttled();
    return crm.throttled(fault.retryAfter);
  }
  if (fault.kind === 'status' && !fault.applied) return crm.serverError(fault.status);
  return undefined;
};

const answer = async <E extends Endpoint>(
  crm: Crm<E>,
  endpoint: E,
  request: ApiRequest,
  call: string,
): Promise<Reply> => {
  try {
    return await endpoint.handle(request);
  } catch (error) {
    if (error instanceof Refusal) return error.reply;
    // A defect of the sandbox itself: it must fail the test that meets it.
    crm.journal.broken(
      'sandbox_defect',
      error instanceof Error ? (error.stack ?? error.message) : String(error),
      call,
      request.now,
    );
    return crm.serverError(500);
  }
};

const apiRequest = <E extends Endpoint>(crm: Crm<E>, incoming: Request): ApiRequest => {
  const [path = '', search = ''] = incoming.originalUrl.split('?', 2);
  const params: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.params)) params[name] = String(value);
  return {
    method: incoming.method,
    path,
    params,
    query: new URLSearchParams(search),
    headers: incoming.headers,
    body: Buffer.isBuffer(incoming.body) ? incoming.body : Buffer.alloc(0),
    now: crm.clock.now(),
    origin: `${incoming.protocol}://${incoming.headers.host ?? 'localhost'}`,
    refusesRow: () => false,
    refusesBarely: false,
  };
};

const encoded = (reply: Reply): { body: string; contentType: string } =>
  reply.json === undefined
    ? { body: reply.text ?? '', contentType: reply.contentType ?? 'text/plain; charset=utf-8' }
    : { body: JSON.stringify(reply.json), contentType: 'application/json;charset=utf-8' };

const send = (outgoing: Response, reply: Reply, headers: Record<string, string> = {}) => {
  const { body, contentType } = encoded(reply);
  const hasBody = reply.json !== undefined || reply.text !== undefined;
  outgoing.writeHead(reply.status, {
    ...headers,
    ...reply.headers,
    ...(hasBody && { 'content-type': contentType, 'content-length': String(Buffer.byteLength(body)) }),
  });
  outgoing.end(body);
};

/** `cut`: the length promised more and the connection ends; else the body is simply too short for its syntax. */
const sendHalf = (outgoing: Response, reply: Reply, headers: Record<string, string>, cut: boolean) => {
  const { body, contentType } = encoded(reply);
  const whole = Buffer.from(body);
  const half = whole.subarray(0, Math.floor(whole.length / 2));
  const length = cut ? whole.length : half.length;
  outgoing.writeHead(reply.status, {
    ...headers,
    ...reply.headers,
    'content-type': contentType,
    'content-length': String(length),
  });
  if (cut) outgoing.write(half, () => outgoing.destroy());
  else outgoing.end(half);
};

export type Listening = { url: string; port: number; stop(): Promise<void> };

/** Listens on the loopback interface; port 0 takes a free one. `stop` also cuts the connections that are open. */
export const listen = (app: Express, port: number): Promise<Listening> =>
  new Promise((resolve, reject) => {
    const server: Server = app.listen(port, '127.0.0.1', (error) => {
      if (error) return reject(error);
      // A connection is never closed for idleness: what breaks here is only what a fault plan asked for.
      server.keepAliveTimeout = 0;
      const address = server.address();
      if (address === null || typeof address === 'string')
        return reject(new Error('The sandbox has no port'));
      const stop = () =>
        new Promise<void>((stopped) => {
          server.close(() => stopped());
          server.closeAllConnections();
        });
      resolve({ url: `http://127.0.0.1:${address.port}`, port: address.port, stop });
    });
  });
