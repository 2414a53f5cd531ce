import type { Json } from '../../connectors/contract.ts';
import { type Pool, transaction } from './pool.ts';

/**
 * Changes a budget's state under its row lock, with the database's clock in milliseconds, so that all workers
 * see one window and one time. `change` is pure; what it answers beside the state is handed back.
 */
export async function changeBudget<State extends Json, Answer>(
  pool: Pool,
  budget: { connectionId: string; name: string },
  change: (state: State | null, nowMs: number) => { state: State; answer: Answer },
): Promise<Answer> {
  return await transaction(pool, async (client) => {
    await client.query(
      `insert into app.budget (connection_id, name) values ($1, $2) on conflict do nothing`,
      [budget.connectionId, budget.name],
    );
    const { rows } = await client.query<{ state: State; now_ms: number }>(
      `select state, (extract(epoch from clock_timestamp()) * 1000)::float8 as now_ms
       from app.budget where connection_id = $1 and name = $2 for update`,
      [budget.connectionId, budget.name],
    );
    const row = rows[0];
    if (!row) throw new Error('the budget row was deleted while it was in use: its connection is gone');
    const isNew = Object.keys(row.state ?? {}).length === 0;
    const { state, answer } = change(isNew ? null : row.state, Number(row.now_ms));
    await client.query(`update app.budget set state = $3 where connection_id = $1 and name = $2`, [
      budget.connectionId,
      budget.name,
      JSON.stringify(state),
    ]);
    return answer;
  });
}
