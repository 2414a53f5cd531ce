/**
 * The part of `pg.Pool` that we use. Postgres servers and the embedded database both stand behind it, and one
 * contract test holds them to the same behaviour. Both give: int8 and numeric as strings, date as 'YYYY-MM-DD',
 * timestamptz as Date, json parsed.
 */
export type QueryResult<Row> = { rows: Row[]; rowCount: number };

export type Queryable = {
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<QueryResult<Row>>;
};

export type PoolClient = Queryable & {
  /** With true or an error the client is thrown away; an open transaction is rolled back either way. */
  release(destroy?: boolean | Error): void;
};

export type Pool = Queryable & {
  readonly kind: 'embedded' | 'server';
  connect(): Promise<PoolClient>;
  end(): Promise<void>;
};

/** Runs `work` in one transaction: committed when it resolves, rolled back when it throws. */
export async function transaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let failed: unknown;
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    failed = error;
    await client.query('rollback').catch((rollbackError: unknown) => {
      failed = new AggregateError([error, rollbackError], 'the transaction failed, and so did its rollback');
    });
    throw failed;
  } finally {
    client.release(failed instanceof AggregateError);
  }
}
