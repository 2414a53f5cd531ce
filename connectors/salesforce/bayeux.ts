import { z } from 'zod';
import { RemoteError } from '../../src/errors.ts';
import type { Context } from '../contract.ts';
import { allowedApiUrl, type HttpRequest, pinnedFetch, send, toError } from '../http.ts';
import { API_VERSION, SALESFORCE_HOSTS } from './app.ts';
import type { SalesforceConfig } from './config.ts';
import { DIALECT } from './dialect.ts';

/**
 * As much of a Bayeux client as Salesforce's streams need. These calls do not count against the org's calls of a
 * day, so they stand under no budget.
 * https://docs.cometd.org/current/reference/#_bayeux
 * https://developer.salesforce.com/docs/atlas.en-us.api_streaming.meta/api_streaming/using_streaming_api_client_connection.htm
 */

const Message = z.object({
  channel: z.string(),
  clientId: z.string().optional(),
  subscription: z.string().optional(),
  successful: z.boolean().optional(),
  error: z.string().optional(),
  ext: z.object({ sfdc: z.object({ failureReason: z.string().optional() }).optional() }).nullish(),
  data: z.unknown().optional(),
});
export type BayeuxMessage = z.infer<typeof Message>;
const Messages = z.array(Message);

const PATH = `/cometd/${API_VERSION}`;
/** Salesforce holds a connect for 110 s. */
const HELD_MS = 130_000;

const REQUEST: HttpRequest = {
  method: 'POST',
  path: PATH,
  budget: 'api',
  write: false,
  idempotent: true,
  expect: 'json',
};

const reasonOf = ({ error, ext }: BayeuxMessage) => ext?.sfdc?.failureReason ?? error ?? '';
const isTokenRefused = (message: BayeuxMessage) => /^401\b/.test(reasonOf(message));
/** The server has forgotten this client: after a pause of ours, or a restart of its own. */
export const isUnknownClient = (message: BayeuxMessage) =>
  message.successful === false && /^40[23]::?\s*unknown client/i.test(message.error ?? '');

/** One client: its id, and the cookies that lead to the server that knows it. */
export class BayeuxClient {
  #context: Context<SalesforceConfig>;
  #cookies = new Map<string, string>();
  #clientId = '';

  constructor(context: Context<SalesforceConfig>) {
    this.#context = context;
  }

  async handshake(): Promise<void> {
    this.#cookies.clear();
    const [answer] = await this.#send([
      {
        channel: '/meta/handshake',
        version: '1.0',
        supportedConnectionTypes: ['long-polling'],
        ext: { replay: true },
      },
    ]);
    if (answer?.successful !== true || answer.clientId === undefined)
      throw refused('handshake', answer === undefined ? '' : reasonOf(answer));
    this.#clientId = answer.clientId;
  }

  /** The answer to each channel, in no order that counts; a replay id of -1 begins with what happens next. */
  subscribe(replay: ReadonlyMap<string, number>): Promise<BayeuxMessage[]> {
    return this.#send(
      [...replay].map(([subscription, from]) => ({
        channel: '/meta/subscribe',
        clientId: this.#clientId,
        subscription,
        ext: { replay: { [subscription]: from } },
      })),
    );
  }

  /** Waits until something happened, for two minutes at most. */
  connect(): Promise<BayeuxMessage[]> {
    return this.#send(
      [{ channel: '/meta/connect', clientId: this.#clientId, connectionType: 'long-polling' }],
      HELD_MS,
    );
  }

  async disconnect(): Promise<void> {
    await this.#send([{ channel: '/meta/disconnect', clientId: this.#clientId }]);
  }

  /** A token that is refused is renewed once, as with every other call. */
  async #send(messages: object[], timeoutMs?: number): Promise<BayeuxMessage[]> {
    const token = await this.#context.token();
    const first = await this.#once(messages, token.accessToken, token.apiUrl, timeoutMs);
    if (first !== 'token refused') return first;
    const renewed = await this.#context.token({ refused: token.accessToken });
    const second = await this.#once(messages, renewed.accessToken, renewed.apiUrl, timeoutMs);
    if (second !== 'token refused') return second;
    throw new RemoteError('changes_not_allowed', 'Salesforce refuses our token on its stream of changes.', {
      status: 401,
      action: 'Nothing to do while the rest works: changes are asked for every few minutes.',
    });
  }

  async #once(messages: object[], accessToken: string, url: string, timeoutMs?: number) {
    const apiUrl = allowedApiUrl(url, SALESFORCE_HOSTS);
    const pinned = pinnedFetch(this.#context.fetch, apiUrl);
    const request = { ...REQUEST, ...(timeoutMs !== undefined && { timeoutMs }) };
    const answer = await send(DIALECT, request, this.#context.signal, async (signal) => {
      const response = await pinned(`${apiUrl}${PATH}`, {
        method: 'POST',
        signal,
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${accessToken}`,
          ...(this.#cookies.size > 0 && {
            cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; '),
          }),
        },
        body: JSON.stringify(messages),
      });
      for (const cookie of response.headers.getSetCookie()) {
        const [, name, value] = /^([^=;]+)=([^;]*)/.exec(cookie) ?? [];
        if (name !== undefined && value !== undefined) this.#cookies.set(name, value);
      }
      return response;
    });
    if (answer.status === 401) return 'token refused' as const;
    if (answer.status >= 300) throw toError(DIALECT, request, answer);
    const parsed = Messages.safeParse(answer.json);
    if (!parsed.success) throw refused('stream', 'an answer of another shape');
    return parsed.data.some(isTokenRefused) ? ('token refused' as const) : parsed.data;
  }
}

export const refused = (what: string, reason: string) =>
  new RemoteError(
    'changes_refused',
    `Salesforce refused the ${what} of its changes (${reason.slice(0, 300)}).`,
    {
      status: 200,
      retryable: true,
      action: 'Nothing to do: changes are asked for every few minutes.',
    },
  );
