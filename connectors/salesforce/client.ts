import { PassThrough } from 'node:stream';
import { Connection } from 'jsforce';
import { HttpApi } from 'jsforce/lib/http-api.js';
import { Transport } from 'jsforce/lib/transport.js';
import { StreamPromise } from 'jsforce/lib/util/promise.js';
import { z } from 'zod';
import { RemoteError } from '../../src/errors.ts';
import type { Context, Token } from '../contract.ts';
import { allowedApiUrl, exchange, type HttpAnswer, type HttpRequest, pinnedFetch } from '../http.ts';
import { API_VERSION, CLIENT_NAME, SALESFORCE_HOSTS } from './app.ts';
import type { SalesforceConfig } from './config.ts';
import { DIALECT, IMPATIENT } from './dialect.ts';

type SdkRequest = Parameters<Transport['httpRequest']>[0];

/**
 * Sends what the SDK has made ready through our fetch. The SDK's own sending takes no signal, follows redirects, and
 * ends the whole process when an answer breaks off in its body (jsforce 3.10.26: an `error` event that nobody hears).
 */
class FetchTransport extends Transport {
  answer: Response | undefined;
  readonly #send: (request: SdkRequest) => Promise<Response>;

  constructor(send: (request: SdkRequest) => Promise<Response>) {
    super();
    this.#send = send;
  }

  override httpRequest(request: SdkRequest) {
    const sent = async () => {
      this.answer = await this.#send(request);
      // The answer is judged by us, headers, status and all.
      return { statusCode: 200, headers: {}, body: '' };
    };
    return StreamPromise.create(() => ({ stream: new PassThrough(), promise: sent() }));
  }
}

export type Call = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** From the root of the host. */
  path: string;
  query?: Record<string, string | number>;
  /** Sent as JSON; a function makes text from the token (SOAP carries it inside). */
  body?: unknown;
  text?: { type: string; of(token: Token): string };
  write?: boolean;
  rows?: number;
  /** A call that does no harm when it is applied twice. */
  idempotent?: boolean;
  expect?: HttpRequest['expect'];
  timeoutMs?: number;
  maxBytes?: number;
  /** The caller goes another way where the call takes Salesforce too long. */
  hasOtherWay?: boolean;
};

export const dataPath = (rest: string, version: string = API_VERSION) => `/services/data/v${version}${rest}`;

/** Calls Salesforce; the answer's status and type are checked. */
export function send(context: Context<SalesforceConfig>, given: Call): Promise<HttpAnswer> {
  const dialect = given.hasOtherWay ? IMPATIENT : DIALECT;
  return exchange(context, dialect, requestOf(given), async (token, signal) => {
    const apiUrl = allowedApiUrl(token.apiUrl, SALESFORCE_HOSTS);
    const pinned = pinnedFetch(context.fetch, apiUrl);
    const transport = new FetchTransport(({ url, method, headers, body }) =>
      pinned(url, { method, headers, body: typeof body === 'string' ? body : null, signal }),
    );
    const connection = new Connection({
      instanceUrl: apiUrl,
      accessToken: token.accessToken,
      version: API_VERSION,
    });
    const api = new HttpApi(connection, { responseType: 'text/plain', transport });
    await api.request({
      method: given.method,
      url: urlOf(apiUrl, given),
      headers: headersOf(given),
      body: given.text
        ? given.text.of(token)
        : given.body === undefined
          ? undefined
          : JSON.stringify(given.body),
    });
    if (transport.answer === undefined) throw new TypeError('The SDK sent nothing.');
    return transport.answer;
  });
}

export function requestOf(given: Call): HttpRequest {
  const { method, path, write = false, rows, timeoutMs, maxBytes } = given;
  return {
    method,
    path,
    budget: 'api',
    write,
    rows,
    // A POST that does not write only reads.
    idempotent: given.idempotent ?? (write ? undefined : true),
    expect: given.expect ?? 'json',
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(maxBytes !== undefined && { maxBytes }),
  };
}

export function urlOf(apiUrl: string, { path, query = {} }: Pick<Call, 'path' | 'query'>): string {
  const url = new URL(path, apiUrl);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
  return url.href;
}

/**
 * By the client's name our own changes are known again. Without the others Salesforce gives
 * records that we touch to somebody by the org's assignment rules, and refuses to label one that resembles another. */
export function headersOf({ method, body, text }: Call): Record<string, string> {
  const type = text?.type ?? (body === undefined ? undefined : 'application/json');
  return {
    ...(type !== undefined && { 'content-type': type }),
    ...(text?.type.startsWith('text/xml') && { SOAPAction: '""' }),
    'Sforce-Call-Options': `client=${CLIENT_NAME}`,
    ...(method !== 'GET' && {
      'Sforce-Auto-Assign': 'FALSE',
      'Sforce-Duplicate-Rule-Header': 'allowSave=true',
    }),
  };
}

/** Calls Salesforce and reads its answer through a schema. */
export async function call<S extends z.ZodType>(
  context: Context<SalesforceConfig>,
  given: Call,
  schema: S,
): Promise<{ data: z.infer<S>; headers: Headers }> {
  const answer = await send(context, given);
  const parsed = schema.safeParse(answer.json);
  if (parsed.success) return { data: parsed.data, headers: answer.headers };
  const issue = parsed.error.issues[0];
  const where = issue ? `${issue.path.join('.')}: ${issue.message}` : 'unknown shape';
  throw new RemoteError(
    'unexpected_shape',
    `Salesforce's answer to ${given.method} ${given.path} is not what its reference says (${where}). Nothing was read from it.`,
    {
      status: answer.status,
      retryable: true,
      outcomeUnknown: given.write ?? false,
      action: 'Nothing to do: we try again. If it stays, report it with this message.',
      cause: parsed.error,
    },
  );
}

/** Salesforce's own clock; ours where the header is missing. */
export function serverTime(headers: Headers): number {
  const time = Date.parse(headers.get('date') ?? '');
  return Number.isNaN(time) ? Date.now() : time;
}

/** What one row of a collection call, or a record that was made, became. */
export const SaveResult = z.object({
  id: z.string().nullish(),
  success: z.boolean(),
  errors: z
    .array(
      z.object({
        statusCode: z.string().default(''),
        message: z.string().default(''),
        fields: z.array(z.string()).nullish().catch([]),
      }),
    )
    .default([]),
});
export type SaveResult = z.infer<typeof SaveResult>;
