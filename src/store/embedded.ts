import { EventEmitter } from 'node:events';
import { Worker } from 'node:worker_threads';
import { AppError, StoreError } from '../errors.ts';
import type { Answer, Request, WorkerData } from './embedded-worker.ts';
import type { Notification, Pool, PoolClient, QueryResult } from './pool.ts';
import { isStale, MOST_PREPARED, refuseInsideTransaction } from './pool.ts';
import {
  decodeReply,
  encodeForget,
  encodePrepare,
  encodePrepared,
  encodeQuery,
  type Reply,
  type Result,
} from './wire.ts';

/** A transaction that is idle this long while others wait has been forgotten, or waits for one of them. */
const HELD_LIMIT_MS = 30_000;

/** Once per open. BullMQ's own SQL names no schema; every statement of ours does. */
const SESSION = `set search_path = bullmq; set timezone = 'UTC'; set work_mem = '32MB';
  set default_statistics_target = 30`;

type Waiting = {
  /** null: asked of the pool */
  client: EmbeddedClient | null;
  text: string;
  values: readonly unknown[] | undefined;
  isPrepared: boolean;
  resolve(result: Result): void;
  reject(error: unknown): void;
};

/**
 * A pool over PGlite, which is Postgres with a single session, in a thread of its own. Statements go one at a time;
 * who begins a transaction holds the database until it ends, and all others wait.
 * Messages are built and read by the parts of the driver that a server connection uses.
 */
export class EmbeddedPool extends EventEmitter implements Pool {
  readonly kind = 'embedded';
  /** BullMQ polls where a connection may drop unnoticed; this one can't. */
  readonly options = { keepAlive: true };
  readonly #worker: Worker;
  readonly #clients = new Set<EmbeddedClient>();
  /** The names of prepared statements by their texts, the one longest unused first. */
  readonly #prepared = new Map<string, string>();
  #nextName = 1;
  #waiting: Waiting[] = [];
  #holder: EmbeddedClient | null = null;
  #heldTimer: NodeJS.Timeout | undefined;
  #running = false;
  #ended: Promise<void> | undefined;
  #broken: AppError | undefined;
  readonly #stopped = Promise.withResolvers<AppError>();
  #answered: ((answer: Answer) => void) | undefined;

  private constructor(worker: Worker) {
    super();
    this.setMaxListeners(0);
    this.#worker = worker;
    worker.on('message', (answer: Answer) => this.#answered?.(answer));
    worker.on('error', (error) => this.#answered?.({ kind: 'failed', message: error.message }));
    worker.on('exit', () => this.#answered?.({ kind: 'failed', message: 'the database thread ended' }));
  }

  /** Resolves where the database stopped: nothing more is answered in this process. */
  get stopped(): Promise<AppError> {
    return this.#stopped.promise;
  }

  /** Clients taken and not released. */
  get clientsInUse(): number {
    return this.#clients.size;
  }

  /** Opens a folder, or a database in memory, empty or from a dump. Take the folder's lock first. */
  static async open(where: { dataDir: string } | { dump?: Uint8Array }): Promise<EmbeddedPool> {
    const workerData: WorkerData = {
      dataDir: 'dataDir' in where ? where.dataDir : null,
      dump: 'dump' in where ? (where.dump ?? null) : null,
    };
    const pool = new EmbeddedPool(
      new Worker(new URL('./embedded-worker.ts', import.meta.url), { workerData }),
    );
    try {
      await pool.#next();
      await pool.query(SESSION);
    } catch (error) {
      await pool.#worker.terminate();
      throw error;
    }
    return pool;
  }

  async query<Row = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<QueryResult<Row>> {
    refuseInsideTransaction(this);
    return this.enqueue<Row>(null, text, values);
  }

  async prepared<Row = Record<string, unknown>>(
    text: string,
    values: readonly unknown[],
  ): Promise<QueryResult<Row>> {
    refuseInsideTransaction(this);
    return this.enqueue<Row>(null, text, values, true);
  }

  async connect(): Promise<EmbeddedClient> {
    refuseInsideTransaction(this);
    if (this.#ended) throw afterEnd();
    const client = new EmbeddedClient(this);
    this.#clients.add(client);
    return client;
  }

  /** Waits for what was asked, rolls an open transaction back, and closes the database. */
  async end(): Promise<void> {
    if (this.#ended) throw afterEnd();
    const rollback = this.#holder && this.enqueue(this.#holder, 'rollback', undefined);
    // Asked for here, not after the rollback: from now on nothing more is taken.
    const last = this.enqueue(null, 'select 1', undefined);
    this.#ended = Promise.all([rollback, last]).then(
      async () => {
        await this.#ask({ kind: 'close' });
      },
      () => undefined,
    );
    await this.#ended;
    this.#answered = undefined;
    await this.#worker.terminate();
  }

  /** The whole database as a tar archive, for `open({ dump })`. Nothing else may be running. */
  async dump(): Promise<Uint8Array> {
    await this.query('checkpoint');
    return this.#ask({ kind: 'dump' });
  }

  /** For clients: puts a statement in the queue. */
  enqueue<Row>(
    client: EmbeddedClient | null,
    text: string,
    values: readonly unknown[] | undefined,
    isPrepared = false,
  ): Promise<QueryResult<Row>> {
    if (this.#ended) return Promise.reject(afterEnd());
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    this.#waiting.push({ client, text, values, isPrepared, resolve, reject });
    void this.#advance();
    // The caller names the row's type, as with the driver: the statement beside it is what makes it true.
    return promise as Promise<QueryResult<Row>>;
  }

  /** For clients: ends the hold of a released one. */
  async letGo(client: EmbeddedClient): Promise<void> {
    this.#clients.delete(client);
    if (this.#holder === client || this.#waiting.some((waiting) => waiting.client === client)) {
      // Its last statement may still open a transaction; a rollback outside one does nothing.
      await this.enqueue(client, 'rollback', undefined).catch(() => undefined);
    }
  }

  async #advance(): Promise<void> {
    if (this.#running) return;
    const index = this.#holder ? this.#waiting.findIndex(({ client }) => client === this.#holder) : 0;
    const [next] = index < 0 ? [] : this.#waiting.splice(index, 1);
    this.#watchHolder();
    if (!next) return;
    this.#running = true;
    try {
      next.resolve(await this.#run(next));
    } catch (error) {
      next.reject(error);
    } finally {
      this.#running = false;
      void this.#advance();
    }
  }

  async #run({ client, text, values, isPrepared }: Waiting): Promise<Result> {
    const listening = client?.listen(text);
    if (listening) return listening;
    const reply =
      isPrepared && values !== undefined
        ? await this.#runPrepared(text, values)
        : await this.#exec(encodeQuery(text, values));
    this.#holder = reply.status === 'I' ? null : client;
    for (const notification of reply.notifications) {
      for (const listener of this.#clients) listener.notify(notification);
    }
    if (reply.status !== 'I' && client === null) {
      await this.#exec(encodeQuery('rollback', undefined));
      throw new AppError('transaction_on_pool', 'A transaction was begun on the pool; it was rolled back.', {
        action: 'Begin it on a client of connect(), or use transaction().',
      });
    }
    if (reply.error) throw reply.error;
    return reply.results.at(-1) ?? { rows: [], rowCount: 0, command: '' };
  }

  async #runPrepared(text: string, values: readonly unknown[]): Promise<Reply> {
    const known = this.#prepared.get(text);
    const name = known ?? `kept_${this.#nextName++}`;
    if (known === undefined) {
      const reply = await this.#exec(encodePrepare(name, text));
      if (reply.error) return reply;
    }
    this.#prepared.delete(text);
    this.#prepared.set(text, name);
    const [oldest] = this.#prepared.keys();
    if (oldest !== undefined && this.#prepared.size > MOST_PREPARED) await this.#forget(oldest);
    const reply = await this.#exec(encodePrepared(name, values));
    if (!isStale(reply.error)) return reply;
    await this.#forget(text);
    return this.#exec(encodeQuery(text, values));
  }

  async #forget(text: string): Promise<void> {
    const name = this.#prepared.get(text);
    this.#prepared.delete(text);
    if (name !== undefined) await this.#exec(encodeForget(name));
  }

  async #exec(message: Uint8Array): Promise<Reply> {
    const reply = decodeReply(await this.#ask({ kind: 'exec', message }));
    // A server would end itself and recover. What this one answers from now on is wrong, or never comes.
    if (reply.error?.severity === 'PANIC') throw this.#stop(reply.error.message);
    return reply;
  }

  #stop(why: string): AppError {
    this.#broken ??= new AppError(
      'embedded_store_stopped',
      `The embedded database stopped: ${why}. What was saved before is safe.`,
      { action: 'Check that DATA_DIR is writable and its disk has space left, then start again.' },
    );
    // Nobody waits for a transaction that can't end.
    this.#holder = null;
    this.#stopped.resolve(this.#broken);
    return this.#broken;
  }

  /** Refuses those who wait for a transaction that nobody goes on with, rather than waiting for ever. */
  #watchHolder(): void {
    clearTimeout(this.#heldTimer);
    if (!this.#holder || this.#waiting.length === 0) return;
    this.#heldTimer = setTimeout(() => {
      const refused = this.#waiting;
      this.#waiting = [];
      const error = new StoreError(
        'database_held',
        `A transaction has held the database for ${HELD_LIMIT_MS / 1000} s without a statement. Nothing was changed.`,
        { action: 'Try again; if it stays, restart and report it.', retryable: true },
      );
      for (const { reject } of refused) reject(error);
    }, HELD_LIMIT_MS);
    this.#heldTimer.unref();
  }

  #next(): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#answered = (answer) => {
        if (answer.kind === 'reply') return resolve(answer.reply);
        reject(this.#stop(answer.message));
      };
    });
  }

  #ask(request: Request): Promise<Uint8Array> {
    if (this.#broken) return Promise.reject(this.#broken);
    const answer = this.#next();
    this.#worker.postMessage(request, request.kind === 'exec' ? [request.message.buffer as ArrayBuffer] : []);
    return answer;
  }
}

/** One caller's hold on the embedded database. Emits 'notification' for the channels that it listens on. */
export class EmbeddedClient extends EventEmitter implements PoolClient {
  readonly #pool: EmbeddedPool;
  readonly #channels = new Set<string>();
  #released = false;

  constructor(pool: EmbeddedPool) {
    super();
    this.setMaxListeners(0);
    this.#pool = pool;
  }

  async query<Row = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<QueryResult<Row>> {
    if (this.#released) throw new Error('Client was released and can not be used any more');
    return this.#pool.enqueue<Row>(this, text, values);
  }

  release(_destroy?: boolean | Error): void {
    if (this.#released)
      throw new Error('Release called on client which has already been released to the pool.');
    this.#released = true;
    this.#channels.clear();
    void this.#pool.letGo(this);
  }

  /**
   * For the pool: notes the channels of LISTEN and UNLISTEN. The session is shared, so it goes on listening for
   * the others; UNLISTEN is answered here.
   */
  listen(text: string): Result | undefined {
    const statement = withoutLeadingComments(text);
    const match = /^(un)?listen\s+("(?:[^"]|"")+"|\*|[\w$]+)\s*;?\s*$/i.exec(statement);
    const name = match?.[2];
    if (name === undefined) return undefined;
    const channel = name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase();
    if (match?.[1] === undefined) {
      this.#channels.add(channel);
      return undefined;
    }
    if (channel === '*') this.#channels.clear();
    else this.#channels.delete(channel);
    return { rows: [], rowCount: 0, command: 'UNLISTEN' };
  }

  /** For the pool. */
  notify(notification: Notification): void {
    if (this.#channels.has(notification.channel)) this.emit('notification', notification);
  }
}

function withoutLeadingComments(text: string): string {
  return text.replace(/^(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)+/, '');
}

function afterEnd(): Error {
  // BullMQ knows these words, as the driver's, and takes them as a shutdown.
  return new Error('Cannot use a pool after calling end on the pool');
}
