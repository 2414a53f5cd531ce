import pg from 'pg';
import {
  type Notification,
  type Pool,
  type PoolClient,
  type QueryResult,
  refuseInsideTransaction,
} from './pool.ts';
import { columnTypes } from './types.ts';

/** A pool over a Postgres server, with our types and our session settings. */
export class ServerPool implements Pool {
  readonly kind = 'server';
  readonly #pool: pg.Pool;

  constructor(url: string, options: { max?: number; onError?: (error: Error) => void } = {}) {
    this.#pool = new pg.Pool({
      connectionString: url,
      types: columnTypes,
      max: options.max ?? 10,
      keepAlive: true,
      connectionTimeoutMillis: 30_000,
      onConnect: async (client) => {
        await client.query(`set timezone = 'UTC'; set jit = off`);
      },
    });
    // An idle connection that drops is replaced on the next use; without a listener it would end the process.
    this.#pool.on('error', options.onError ?? (() => undefined));
  }

  /** Clients taken and not released. */
  get clientsInUse(): number {
    return this.#pool.totalCount - this.#pool.idleCount;
  }

  async query<Row = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<QueryResult<Row>> {
    refuseInsideTransaction(this);
    return lastResult<Row>(await this.#pool.query(text, copyOf(values)));
  }

  async connect(): Promise<PoolClient> {
    refuseInsideTransaction(this);
    return new ServerClient(await this.#pool.connect());
  }

  async end(): Promise<void> {
    await this.#pool.end();
  }
}

class ServerClient implements PoolClient {
  readonly #client: pg.PoolClient;
  readonly #listeners: ((notification: Notification) => void)[] = [];
  #listened = false;
  #released = false;

  constructor(client: pg.PoolClient) {
    this.#client = client;
    client.on('error', onLostConnection);
  }

  async query<Row = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<QueryResult<Row>> {
    if (this.#released) throw new Error('Client was released and can not be used any more');
    return lastResult<Row>(await this.#client.query(text, copyOf(values)));
  }

  on(_event: 'notification', listener: (notification: Notification) => void): this {
    this.#listened = true;
    this.#listeners.push(listener);
    this.#client.on('notification', listener);
    return this;
  }

  release(destroy?: boolean | Error): void {
    this.#released = true;
    for (const listener of this.#listeners) this.#client.removeListener('notification', listener);
    this.#client.removeListener('error', onLostConnection);
    // The driver would hand an open transaction, or somebody's channels, to the next borrower.
    const unclean = this.#listened || this.#client.getTransactionStatus() !== 'I';
    this.#client.release(destroy || unclean);
  }
}

/** The statement that was running rejects with it; between statements the next one does. */
function onLostConnection(): void {}

function copyOf(values: readonly unknown[] | undefined): unknown[] | undefined {
  return values === undefined ? undefined : [...values];
}

/** The driver gives a list of results where a text holds several statements. */
function lastResult<Row>(given: unknown): QueryResult<Row> {
  const result = (Array.isArray(given) ? given.at(-1) : given) as pg.QueryResult;
  return { rows: result.rows as Row[], rowCount: result.rowCount ?? 0, command: result.command ?? '' };
}
