import type pg from 'pg';
import Rows from 'pg/lib/result.js';
import utils from 'pg/lib/utils.js';
import { type DatabaseError, serialize } from 'pg-protocol';
import { Parser } from 'pg-protocol/dist/parser.js';
import { columnTypes } from './types.ts';

/** The messages of https://www.postgresql.org/docs/18/protocol-message-formats.html that we act on. */
export type BackendMessage =
  | { name: 'rowDescription'; fields: pg.FieldDef[] }
  | { name: 'dataRow'; fields: (string | null)[] }
  | { name: 'commandComplete'; text: string }
  | { name: 'notification'; channel: string; payload: string }
  /** I: idle, T: in a transaction, E: in a transaction that failed */
  | { name: 'readyForQuery'; status: 'I' | 'T' | 'E' }
  | (DatabaseError & { name: 'error' })
  | { name: 'parseComplete' | 'bindComplete' | 'noData' | 'emptyQuery' | 'notice' | 'parameterStatus' };

export type Reply = {
  /** One per statement. */
  results: Result[];
  error: DatabaseError | null;
  notifications: { channel: string; payload: string }[];
  status: 'I' | 'T' | 'E';
};

export type Result = { rows: unknown[]; rowCount: number; command: string };

/**
 * A statement in Postgres' wire protocol. As with the driver: with values it is one prepared statement; without,
 * the text may hold several.
 */
export function encodeQuery(text: string, values: readonly unknown[] | undefined): Uint8Array {
  if (values === undefined || values.length === 0) return new Uint8Array(serialize.query(text));
  return joined([serialize.parse({ text }), ...execution('', values)]);
}

/** The same of a statement that the session keeps by a name, once it has got it by encodePrepare. */
export function encodePrepared(name: string, values: readonly unknown[]): Uint8Array {
  return joined(execution(name, values));
}

/** Has the session keep a statement by a name. */
export function encodePrepare(name: string, text: string): Uint8Array {
  return joined([serialize.parse({ name, text }), serialize.sync()]);
}

/** Has the session forget it; no error where it has none of that name. */
export function encodeForget(name: string): Uint8Array {
  return joined([serialize.close({ type: 'S', name }), serialize.sync()]);
}

function execution(statement: string, values: readonly unknown[]): Buffer[] {
  return [
    serialize.bind({ statement, values: values.map((value) => utils.prepareValue(value)) }),
    serialize.describe({ type: 'P' }),
    serialize.execute(),
    serialize.sync(),
  ];
}

function joined(messages: readonly Buffer[]): Uint8Array {
  // A buffer of its own, so that it can be handed to the thread without a copy.
  const bytes = new Uint8Array(messages.reduce((size, message) => size + message.byteLength, 0));
  let offset = 0;
  for (const message of messages) {
    bytes.set(message, offset);
    offset += message.byteLength;
  }
  return bytes;
}

/** Reads the whole reply to one message of encodeQuery. */
export function decodeReply(bytes: Uint8Array): Reply {
  const reply: Reply = { results: [], error: null, notifications: [], status: 'I' };
  let result = new Rows('object', columnTypes);
  new Parser().parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), (message) => {
    switch (message.name) {
      case 'rowDescription':
        result.addFields(message.fields);
        break;
      case 'dataRow':
        result.addRow(result.parseRow(message.fields));
        break;
      case 'commandComplete':
        result.addCommandComplete(message);
        reply.results.push({
          rows: result.rows,
          rowCount: result.rowCount ?? 0,
          command: result.command ?? '',
        });
        result = new Rows('object', columnTypes);
        break;
      case 'notification':
        reply.notifications.push({ channel: message.channel, payload: message.payload });
        break;
      case 'readyForQuery':
        reply.status = message.status;
        break;
      case 'error':
        reply.error ??= message;
        break;
    }
  });
  return reply;
}
