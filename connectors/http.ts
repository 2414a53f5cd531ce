import { AppError, AuthError, ConfigError, RateLimitError, RemoteError } from '../src/errors.ts';
import type { Context, LimitReport, Token } from './contract.ts';
import { RETRY, retry, retryAfterMs } from './retry.ts';

/** What one CRM says in its own way about calls. */
export type Dialect = {
  /** As people call it. */
  name: string;
  /** Limits told by an answer's headers. */
  limits(headers: Headers, request: HttpRequest): LimitReport[];
  /** An error answer put into ours; undefined: the usual one for its status. */
  refusal?(answer: HttpAnswer, request: HttpRequest): AppError | undefined;
};

export type HttpRequest = {
  method: string;
  /** Without host and query: it goes into messages and logs. */
  path: string;
  budget: string;
  cost?: number;
  /** Does it create, change or delete in the CRM? */
  write: boolean;
  rows?: number;
  /** A POST that does no harm when it is applied twice. Other methods follow HTTP. */
  idempotent?: boolean;
  /** `stream` hands over the open response after its status and type were checked. */
  expect: 'json' | 'text' | 'nothing' | 'stream';
  timeoutMs?: number;
  maxBytes?: number;
};

/** A whole answer. `json` is undefined where the body was empty. */
export type HttpAnswer = {
  status: number;
  headers: Headers;
  text: string;
  json: unknown;
  response: Response;
};

/** Sends the request once. It should honour the signal; where an SDK can't, we stop waiting for it. */
export type Transport = (token: Token, signal: AbortSignal) => Promise<Response>;

const TIMEOUT_MS = 30_000;
const MAX_BYTES = 32 * 1024 * 1024;

/**
 * One call as the product makes all of its calls: token, pace, timeout, checked answer, retry. Throws AuthError,
 * RateLimitError (wait longer than we sleep here) or RemoteError; `outcomeUnknown` there means read it back.
 */
export async function exchange(
  context: Context,
  dialect: Dialect,
  request: HttpRequest,
  transport: Transport,
): Promise<HttpAnswer> {
  const idempotent = request.idempotent ?? RETRY.idempotentMethods.has(request.method);
  const label = `${dialect.name} ${request.method} ${request.path}`;
  let refused: string | undefined;
  let noToken: unknown;
  const tokenNow = () =>
    context.token(refused === undefined ? undefined : { refused }).catch((error: unknown) => {
      noToken = error;
      throw error;
    });
  const attempt = async () => {
    const token = await tokenNow();
    try {
      return await once(context, dialect, request, transport, token);
    } catch (error) {
      const isFirstRefusal = error instanceof AuthError && refused === undefined;
      if (!isFirstRefusal) throw error;
      // Tokens end early when an admin changes scopes: ask for a new one, once.
      refused = token.accessToken;
      return await once(context, dialect, request, transport, await tokenNow());
    }
  };
  // Whoever asks for a token has tried often enough.
  const isFinal = (error: unknown) => error === noToken;
  return retry(attempt, { label, idempotent, isFinal, signal: context.signal, log: context.log });
}

async function once(
  context: Context,
  dialect: Dialect,
  request: HttpRequest,
  transport: Transport,
  token: Token,
): Promise<HttpAnswer> {
  const { budget, write, rows = 0 } = request;
  await context.pace(budget, request.cost);
  let status = 0;
  const watched = async (signal: AbortSignal) => {
    const response = await transport(token, signal);
    status = response.status;
    for (const report of dialect.limits(response.headers, request)) context.report(report);
    return response;
  };
  try {
    const answer = await send(dialect, request, context.signal, watched);
    if (answer.status < 300) return answer;
    const error = toError(dialect, request, answer);
    if (error instanceof RateLimitError) context.report({ budget, retryAfterMs: error.retryAfterMs });
    throw error;
  } finally {
    context.count({ budget, write, rows, status, accessToken: token.accessToken });
  }
}

/** One try: timeout, size cap and content type are checked; the status is left to the caller. */
export async function send(
  dialect: Dialect,
  request: HttpRequest,
  outer: AbortSignal,
  transport: (signal: AbortSignal) => Promise<Response>,
): Promise<HttpAnswer> {
  try {
    return await withDeadline(outer, request, dialect, async (signal) =>
      read(await transport(signal), request, dialect, signal),
    );
  } catch (error) {
    if (outer.aborted) throw outer.reason;
    throw error instanceof AppError ? error : noAnswer(dialect, request, error);
  }
}

/** Stops waiting after the timeout or when the caller gives up, even where `run` does not listen. */
async function withDeadline<T>(
  outer: AbortSignal,
  request: HttpRequest,
  dialect: Dialect,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const timeoutMs = request.timeoutMs ?? TIMEOUT_MS;
  const inner = new AbortController();
  const timedOut = new RemoteError(
    'timeout',
    `${dialect.name} did not answer ${request.method} ${request.path} within ${timeoutMs / 1_000} s.`,
    { status: 0, retryable: true, outcomeUnknown: request.write, action: waitAndSee(dialect) },
  );
  const stop = () => inner.abort(outer.reason);
  const timer = setTimeout(() => inner.abort(timedOut), timeoutMs);
  const { promise: given, reject } = Promise.withResolvers<never>();
  const giveUp = () => reject(inner.signal.reason);
  outer.addEventListener('abort', stop, { once: true });
  inner.signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([run(inner.signal), given]);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener('abort', stop);
    // fetch keeps the signal until the next full collection of garbage; the whole answer must not hang on it.
    inner.signal.removeEventListener('abort', giveUp);
  }
}

const waitAndSee = (dialect: Dialect) =>
  `Nothing to do: we try again. If it stays, look at the status page of ${dialect.name}.`;

/** Reads the body up to its cap, and refuses what is not what was asked for: a page with status 200 is no data. */
async function read(
  response: Response,
  request: HttpRequest,
  dialect: Dialect,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const { status, headers } = response;
  const type = headers.get('content-type') ?? '';
  const isGood = status >= 200 && status < 300;
  if (isGood && request.expect === 'stream' && !type.includes('html')) {
    return { status, headers, text: '', json: undefined, response };
  }
  const text = await readText(response, request, dialect, signal);
  if (!isGood) return { status, headers, text, json: lenientJson(text), response };
  const isEmpty = text === '' && (request.expect === 'nothing' || status === 204);
  if (isEmpty) return { status, headers, text, json: undefined, response };
  const wantsJson = request.expect === 'json' || request.expect === 'nothing';
  if (wantsJson ? !type.includes('json') : type.includes('html')) {
    throw unreadable('wrong_type', `answered with "${type || 'no content type'}"`, request, dialect, status);
  }
  return {
    status,
    headers,
    text,
    json: wantsJson ? strictJson(text, request, dialect, status) : undefined,
    response,
  };
}

async function readText(
  response: Response,
  request: HttpRequest,
  dialect: Dialect,
  signal: AbortSignal,
): Promise<string> {
  if (response.body === null) return '';
  const maxBytes = request.maxBytes ?? MAX_BYTES;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    signal.throwIfAborted();
    bytes += chunk.byteLength;
    if (bytes > maxBytes) {
      const size = `sent more than ${Math.round(maxBytes / 1024 / 1024)} MB`;
      throw unreadable('too_large', size, request, dialect, response.status, false);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function strictJson(text: string, request: HttpRequest, dialect: Dialect, status: number): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unreadable('truncated', 'sent an answer that breaks off', request, dialect, status, true, cause);
  }
}

/** Error pages may be anything; what is not JSON is kept as text only. */
function lenientJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unreadable(
  code: string,
  what: string,
  request: HttpRequest,
  dialect: Dialect,
  status: number,
  retryable = true,
  cause?: unknown,
): RemoteError {
  return new RemoteError(
    code,
    `${dialect.name} ${what} to ${request.method} ${request.path}. Nothing was read from it.`,
    { status, retryable, outcomeUnknown: request.write, action: waitAndSee(dialect), cause },
  );
}

/** Refused before anything was sent: the call certainly did not happen. */
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);

function noAnswer(dialect: Dialect, request: HttpRequest, cause: unknown): RemoteError {
  const code = networkCode(cause);
  return new RemoteError(
    'no_answer',
    `${dialect.name} gave no answer to ${request.method} ${request.path}${code === '' ? '' : ` (${code})`}.`,
    {
      status: 0,
      retryable: true,
      outcomeUnknown: request.write && !NEVER_SENT.has(code),
      action: 'Nothing to do: we try again. If it stays, check that this machine reaches the internet.',
      cause,
    },
  );
}

function networkCode(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string') return at.code;
  }
  return '';
}

/** The usual error for a status, unless the CRM's dialect knows better. */
export function toError(dialect: Dialect, request: HttpRequest, answer: HttpAnswer): AppError {
  return dialect.refusal?.(answer, request) ?? usualError(dialect, request, answer);
}

function usualError(dialect: Dialect, request: HttpRequest, answer: HttpAnswer): AppError {
  const { status, headers } = answer;
  const call = `${request.method} ${request.path}`;
  if (status === 401) {
    return new AuthError('unauthorized', `${dialect.name} no longer accepts our token.`, {
      action: `Reconnect ${dialect.name} under Connections.`,
    });
  }
  if (status === 429 || status === 477) {
    const wait = retryAfterMs(headers.get('retry-after'), Date.now());
    return new RateLimitError('rate_limited', `${dialect.name} asks us to slow down (${call}).`, {
      retryAfterMs: wait ?? 0,
      action: 'Nothing to do: we wait and go on by ourselves.',
    });
  }
  if (status >= 300 && status < 400) {
    return new RemoteError(
      'redirected',
      `${dialect.name} answered ${call} with a redirect, which we do not follow.`,
      {
        status,
        action: 'Check the address of the connection under Connections.',
      },
    );
  }
  return new RemoteError('remote_error', `${dialect.name} answered ${call} with status ${status}.`, {
    status,
    retryable: RETRY.statuses.has(status),
    outcomeUnknown: request.write && status >= 500,
    action: RETRY.statuses.has(status)
      ? waitAndSee(dialect)
      : `Report it with the status ${status} and this call.`,
  });
}

/**
 * A fetch that reaches one origin only and follows no redirect, so that a token can't leave for another host.
 */
export function pinnedFetch(base: typeof fetch, apiUrl: string): typeof fetch {
  const { origin } = new URL(apiUrl);
  return (input, init) => {
    const url = new URL(input instanceof Request ? input.url : String(input));
    if (url.origin !== origin || url.username !== '' || url.password !== '') {
      throw new ConfigError(
        'foreign_host',
        `A call to ${url.origin} was stopped: only ${origin} is allowed.`,
        {
          action: 'Report it; nothing was sent.',
        },
      );
    }
    return base(input, { ...init, redirect: 'manual' });
  };
}

const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);

/**
 * An address that a token may be sent to: https on one of the CRM's own hosts ("hubapi.com" allows its
 * sub-domains), or plain http to this machine, where the sandbox is. Returns the origin.
 */
export function allowedApiUrl(value: string, hosts: readonly string[]): string {
  const url = URL.parse(value);
  if (url !== null && url.username === '' && url.password === '') {
    if (LOOPBACK.has(url.hostname)) return url.origin;
    const isOwn = hosts.some((host) => url.hostname === host || url.hostname.endsWith(`.${host}`));
    if (url.protocol === 'https:' && url.port === '' && isOwn) return url.origin;
  }
  throw new ConfigError(
    'foreign_host',
    `"${value}" is not among the addresses that this CRM's tokens may be sent to.`,
    {
      action: `Use an https address of ${hosts.join(' or ')}, or of this machine for a sandbox.`,
    },
  );
}
