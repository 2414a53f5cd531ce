import pg from 'pg';
import {
  isStale,
  MOST_PREPARED,
  type Notification,
  type Pool,
  type PoolClient,
  type QueryResult,
  refuseInsideTransaction,
} from './pool.ts';
import { columnTypes } from './types.ts';

/** Connections for prepared statements: such a statement takes a millisecond or two. */
const MOST_FOR_PREPARED = 4;

/** A pool over a Postgres server, with our types and our session settings. */
export class ServerPool implements Pool {
  readonly kind = 'server';
  readonly #pool: pg.Pool;
  /**
   * Connections of their own: there a plan is made once and never for the values at hand, which all other
   * statements want; and what is asked often does not wait behind what takes long. Opened on first use.
   */
  readonly #forPrepared: pg.Pool;
  readonly #names = new StatementNames();

  constructor(url: string, options: { max?: number; onError?: (error: Error) => void } = {}) {
    const open = (max: number, settings: string) => {
      const pool = new pg.Pool({
        connectionString: url,
        types: columnTypes,
        max,
        keepAlive: true,
        connectionTimeoutMillis: 30_000,
        onConnect: async (client) => {
          await client.query(settings);
        },
      });
      // An idle connection that drops is replaced on the next use; without a listener it would end the process.
      pool.on('error', options.onError ?? (() => undefined));
      return pool;
    };
    const settings = `set timezone = 'UTC'; set jit = off`;
    this.#pool = open(options.max ?? 10, settings);
    this.#forPrepared = open(MOST_FOR_PREPARED, `${settings}; set plan_cache_mode = force_generic_plan`);
  }

  /** Clients taken and not released. */
  get clientsInUse(): number {
    return [this.#pool, this.#forPrepared].reduce((sum, one) => sum + one.totalCount - one.idleCount, 0);
  }

  async query<Row = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<QueryResult<Row>> {
    refuseInsideTransaction(this);
    return lastResult<Row>(await this.#pool.query(text, copyOf(values)));
  }

  async prepared<Row = Record<string, unknown>>(
    text: string,
    values: readonly unknown[],
  ): Promise<QueryResult<Row>> {
    refuseInsideTransaction(this);
    const name = this.#names.of(text);
    const client = await this.#forPrepared.connect();
    let isUsedUp = this.#names.countOn(client, name) > MOST_PREPARED;
    try {
      return lastResult<Row>(await client.query({ name, text, values: [...values] }));
    } catch (error) {
      if (!isStale(error)) throw error;
      // The driver believes for good that this connection has it; only a new one forgets.
      isUsedUp = true;
    } finally {
      client.release(isUsedUp);
    }
    return this.query<Row>(text, values);
  }

  async connect(): Promise<PoolClient> {
    refuseInsideTransaction(this);
    return new ServerClient(await this.#pool.connect());
  }

  async end(): Promise<void> {
    await Promise.all([this.#pool.end(), this.#forPrepared.end()]);
  }
}

/** A name for each text, and which connection has heard of which: what is prepared goes only with its connection. */
class StatementNames {
  readonly #names = new Map<string, string>();
  readonly #onConnection = new WeakMap<pg.PoolClient, Set<string>>();
  #next = 1;

  of(text: string): string {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    // Forgotten texts come back under new names, so no name ever means two.
    if (this.#names.size >= MOST_PREPARED) this.#names.clear();
    const name = `kept_${this.#next++}`;
    this.#names.set(text, name);
    return name;
  }

  /** How many that connection has, this one included. */
  countOn(client: pg.PoolClient, name: string): number {
    const known = this.#onConnection.get(client) ?? new Set();
    this.#onConnection.set(client, known.add(name));
    return known.size;
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
