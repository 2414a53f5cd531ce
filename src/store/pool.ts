import { AsyncLocalStorage } from 'node:async_hooks';
import { AppError } from '../errors.ts';

/**
 * The part of `pg.Pool` that we use. Postgres servers and the embedded database both stand behind it, and one
 * contract test holds them to the same behaviour. Both give: int8 and numeric as strings, date as 'YYYY-MM-DD',
 * timestamptz as Date, json parsed. Of several statements in one text, the last one's result.
 */
export type QueryResult<Row> = {
  rows: Row[];
  /** Rows returned or changed; 0 where the statement has no count. */
  rowCount: number;
  /** The statement's tag: SELECT, INSERT, COMMIT... */
  command: string;
};

export type Queryable = {
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<QueryResult<Row>>;
};

export type Notification = { channel: string; payload?: string | undefined };

export type PoolClient = Queryable & {
  /** With true or an error the client is thrown away; an open transaction is rolled back either way. */
  release(destroy?: boolean | Error): void;
  /** What arrives on channels that this client listens on; the listeners end with the release. */
  on(event: 'notification', listener: (notification: Notification) => void): unknown;
};

export type Pool = Queryable & {
  readonly kind: 'embedded' | 'server';
  /**
   * As query, for one statement that is asked over and over: it is parsed and planned once a session, for whatever
   * values, which costs more than carrying it out where it is long and reads a few rows. Never for one whose best
   * plan depends on the values, nor for a text that holds them. Follows changes of the tables that it reads.
   */
  prepared<Row = Record<string, unknown>>(
    text: string,
    values: readonly unknown[],
  ): Promise<QueryResult<Row>>;
  connect(): Promise<PoolClient>;
  end(): Promise<void>;
};

/** Prepared statements that a session keeps; each holds its plan in the database's memory. */
export const MOST_PREPARED = 100;

/**
 * Did a prepared statement fail for being prepared? Its columns are others since (0A000, as Postgres has no code of
 * its own for that), or the session does not know it, or knows another by that name: something between us and the
 * database hands sessions round.
 */
export function isStale(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  if (error.code === '26000' || error.code === '42P05') return true;
  return error.code === '0A000' && error.message.includes('cached plan');
}

type Scope = { pool: Pool; open: boolean; outer: Scope | undefined };

const scopes = new AsyncLocalStorage<Scope>();

/**
 * Throws where the caller is inside an open transaction() of the same pool: on the embedded database its statement
 * would wait for itself for ever, on a server it would miss the transaction. Both pools call it first.
 */
export function refuseInsideTransaction(pool: Pool): void {
  for (let scope = scopes.getStore(); scope; scope = scope.outer) {
    if (!scope.open || scope.pool !== pool) continue;
    throw new AppError('pool_inside_transaction', 'The pool was used from inside an open transaction.', {
      action: 'Use the client that the transaction gives.',
    });
  }
}

/** Runs `work` in one transaction: committed when it resolves, rolled back when it throws. */
export async function transaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  const scope: Scope = { pool, open: true, outer: scopes.getStore() };
  let failed: unknown;
  try {
    await client.query('begin');
    const result = await scopes.run(scope, () => work(client));
    const { command } = await client.query('commit');
    if (command !== 'COMMIT') throw rolledBack();
    return result;
  } catch (error) {
    failed = error;
    await client.query('rollback').catch((rollbackError: unknown) => {
      // A database that stopped says the same of both.
      if (rollbackError !== error)
        failed = new AggregateError(
          [error, rollbackError],
          'the transaction failed, and so did its rollback',
        );
    });
    throw failed;
  } finally {
    scope.open = false;
    client.release(failed instanceof AggregateError);
  }
}

function rolledBack(): AppError {
  return new AppError(
    'rolled_back',
    'A statement failed inside the transaction, so nothing of it was saved.',
    {
      action: 'Use a savepoint around a statement whose error is expected.',
    },
  );
}
