import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { ApiRequest, Reply } from '../http.ts';
import { jsonBody, ok, type SalesforceEndpoint } from './context.ts';
import type { Org, RowChange } from './org.ts';
import type { Value } from './table.ts';

/**
 * Change Data Capture over Bayeux long polling: handshake, subscribe with a replay id, connect. An org sends nothing
 * until an admin selects objects.
 * https://developer.salesforce.com/docs/atlas.en-us.change_data_capture.meta/change_data_capture/cdc_message_structure.htm
 * https://docs.cometd.org/current/reference/#_bayeux
 */

const OBJECTS = new Set(['Contact', 'Account', 'Lead', 'Opportunity']);
const CONNECT_MS = 110_000;
/** Events kept for replay. */
const KEPT = 10_000;

type Event = { channel: string; replayId: number; message: unknown };
type Client = { channels: Map<string, number>; wake: (() => void) | null };

const Message = z.object({
  channel: z.string(),
  id: z.string().optional(),
  clientId: z.string().optional(),
  subscription: z.string().optional(),
  ext: z
    .object({ replay: z.record(z.string(), z.number()).optional() })
    .optional()
    .catch(undefined),
});
type Message = z.infer<typeof Message>;

export type ChangeStream = {
  endpoint: SalesforceEndpoint;
  /** Objects whose changes are told from now on, as an admin selects them under Setup. */
  selectChanges(objects: string[]): void;
  /** Sends a gap event for an object: changes that Salesforce could not put into words. */
  sendGap(object: string, ids: string[]): void;
  /** Every client is unknown from now on. */
  forgetClients(): void;
  /** Forgets events up to now, as after 72 hours. */
  forgetEvents(): void;
  setConnectMs(ms: number): void;
};

export function changeStream(org: Org, isAuthorised: (request: ApiRequest) => boolean): ChangeStream {
  const selected = new Set<string>();
  const clients = new Map<string, Client>();
  let events: Event[] = [];
  let nextReplay = 1;
  let oldest = 1;
  let connectMs = CONNECT_MS;

  const put = (object: string, header: object, fields: Record<string, Value>) => {
    const replayId = nextReplay++;
    const channel = `/data/${object}ChangeEvent`;
    const ChangeEventHeader = {
      commitNumber: replayId,
      commitUser: org.userId,
      sequenceNumber: 1,
      entityName: object,
      commitTimestamp: org.clock.now(),
      transactionKey: `tx-${replayId}`,
      ...header,
    };
    const data = { schema: 'sandbox', payload: { ...fields, ChangeEventHeader }, event: { replayId } };
    events.push({ channel, replayId, message: { channel, data } });
    if (events.length > KEPT) oldest = (events.shift()?.replayId ?? 0) + 1;
    for (const client of clients.values()) if (client.channels.has(channel)) client.wake?.();
  };
  org.onChange = ({ object, id, type, values }: RowChange) => {
    if (!selected.has(object)) return;
    const fields = { ...values, LastModifiedDate: org.nowStamp() };
    put(
      object,
      {
        changeType: type,
        changedFields: type === 'UPDATE' ? Object.keys(fields) : [],
        changeOrigin: org.origin,
        recordIds: [id],
      },
      fields,
    );
  };

  const refused = ({ channel, id, subscription }: Message, error: string, reconnect = 'handshake') => ({
    channel,
    ...(id !== undefined && { id }),
    ...(subscription !== undefined && { subscription }),
    successful: false,
    error,
    advice: { reconnect, interval: 0 },
  });
  const handshake = ({ id }: Message) => {
    const clientId = randomBytes(12).toString('hex');
    clients.set(clientId, { channels: new Map(), wake: null });
    return {
      channel: '/meta/handshake',
      ...(id !== undefined && { id }),
      version: '1.0',
      minimumVersion: '1.0',
      supportedConnectionTypes: ['long-polling'],
      clientId,
      successful: true,
      ext: { replay: true, 'payload.format': true },
    };
  };
  const subscribe = (client: Client, message: Message) => {
    const { clientId, id, subscription = '', ext } = message;
    const object = /^\/data\/(\w+)ChangeEvent$/.exec(subscription)?.[1] ?? '';
    if (!OBJECTS.has(object) || !selected.has(object))
      return refused(message, `403:denied_by_security_policy:create_denied:${subscription}`, 'none');
    const replay = ext?.replay?.[subscription] ?? -1;
    if (replay >= 0 && (replay < oldest - 1 || replay >= nextReplay))
      return refused(
        message,
        `400::The replayId {${replay}} you provided was invalid.  Please provide a valid ID, -2 to replay all events, or -1 to replay only new events.`,
        'none',
      );
    client.channels.set(subscription, replay === -1 ? nextReplay - 1 : replay === -2 ? 0 : replay);
    return { channel: '/meta/subscribe', clientId, id, subscription, successful: true };
  };
  const waiting = (client: Client): unknown[] => {
    const due = events.filter(
      ({ channel, replayId }) => replayId > (client.channels.get(channel) ?? Number.POSITIVE_INFINITY),
    );
    for (const { channel, replayId } of due) client.channels.set(channel, replayId);
    return due.map(({ message }) => message);
  };
  const connect = async (client: Client, { clientId, id }: Message): Promise<unknown[]> => {
    let due = waiting(client);
    if (due.length === 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, connectMs).unref();
        client.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      client.wake = null;
      due = waiting(client);
    }
    return [...due, { channel: '/meta/connect', clientId, id, successful: true }];
  };

  const answer = async (message: Message): Promise<unknown[]> => {
    if (message.channel === '/meta/handshake') return [handshake(message)];
    const client = clients.get(message.clientId ?? '');
    if (!client) return [refused(message, '403::Unknown client')];
    if (message.channel === '/meta/subscribe') return [subscribe(client, message)];
    if (message.channel === '/meta/connect') return await connect(client, message);
    if (message.channel !== '/meta/disconnect') return [refused(message, '404::Unknown channel', 'none')];
    clients.delete(message.clientId ?? '');
    client.wake?.();
    return [{ channel: '/meta/disconnect', id: message.id, successful: true }];
  };
  const handle = async (request: ApiRequest): Promise<Reply> => {
    const messages = jsonBody(request, z.array(Message).min(1));
    if (!isAuthorised(request))
      return ok(messages.map((message) => refused(message, '401::Authentication invalid', 'none')));
    const replies: unknown[] = [];
    for (const message of messages) replies.push(...(await answer(message)));
    return ok(replies);
  };

  return {
    endpoint: { method: 'post', path: '/cometd/:version', name: 'cometd', kind: 'stream', handle },
    selectChanges: (objects) => {
      selected.clear();
      for (const object of objects) selected.add(object);
    },
    sendGap: (object, ids) =>
      put(object, { changeType: 'GAP_UPDATE', changedFields: [], changeOrigin: '', recordIds: ids }, {}),
    forgetClients: () => {
      const known = [...clients.values()];
      clients.clear();
      for (const { wake } of known) wake?.();
    },
    forgetEvents: () => {
      events = [];
      oldest = ++nextReplay;
    },
    setConnectMs: (ms) => {
      connectMs = ms;
    },
  };
}
