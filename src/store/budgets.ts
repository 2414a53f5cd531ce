import type { Json } from '../../connectors/contract.ts';
import { NotFoundError } from '../errors.ts';
import { type Pool, transaction } from './pool.ts';

type Budget = { connectionId: string; name: string };
type Change<State, Answer> = (state: State | null, nowMs: number) => { state: State; answer: Answer };

/**
 * Changes a budget's state with nobody else changing it, and with one clock, in milliseconds, so that all workers
 * see one window and one time. `change` is pure; what it answers beside the state is handed back.
 *
 * On a server the state is a row, locked for the change, and the clock is the database's. An embedded store has one
 * process: the state is kept in memory, since a call to a CRM should not wait for the running statement.
 */
export async function changeBudget<State extends Json, Answer>(
  pool: Pool,
  budget: Budget,
  change: Change<State, Answer>,
): Promise<Answer> {
  return pool.kind === 'embedded' ? changeInMemory(pool, budget, change) : changeRow(pool, budget, change);
}

async function changeRow<State extends Json, Answer>(
  pool: Pool,
  budget: Budget,
  change: Change<State, Answer>,
): Promise<Answer> {
  return await transaction(pool, async (client) => {
    const lock = () =>
      client.query<{ state: State; now_ms: number }>(
        `select state, (extract(epoch from clock_timestamp()) * 1000)::float8 as now_ms
         from app.budget where connection_id = $1 and name = $2 for update`,
        [budget.connectionId, budget.name],
      );
    let [row] = (await lock()).rows;
    if (!row) {
      await client.query(
        `insert into app.budget (connection_id, name)
         select id, $2 from app.connection where id = $1 for key share on conflict do nothing`,
        [budget.connectionId, budget.name],
      );
      [row] = (await lock()).rows;
    }
    if (!row) throw gone(budget);
    const { state, answer } = change(isNew(row.state) ? null : row.state, Number(row.now_ms));
    await client.query(`update app.budget set state = $3 where connection_id = $1 and name = $2`, [
      budget.connectionId,
      budget.name,
      JSON.stringify(state),
    ]);
    return answer;
  });
}

const gone = ({ connectionId }: Budget) =>
  new NotFoundError('connection_unknown', `There is no connection ${connectionId} any more.`, {
    action: 'See the connections there are.',
  });

const isNew = (state: Json): boolean => Object.keys(state ?? {}).length === 0;

/** Per embedded store: connection and budget -> state, read from its row once. */
const memories = new WeakMap<Pool, Map<string, { budget: Budget; state: Promise<Json> | Json }>>();

async function changeInMemory<State extends Json, Answer>(
  pool: Pool,
  budget: Budget,
  change: Change<State, Answer>,
): Promise<Answer> {
  const memory = memories.get(pool) ?? new Map();
  memories.set(pool, memory);
  const key = JSON.stringify([budget.connectionId, budget.name]);
  const kept = memory.get(key) ?? { budget, state: readRow(pool, budget) };
  memory.set(key, kept);
  if (kept.state instanceof Promise) {
    const stored = await kept.state;
    if (kept.state instanceof Promise) kept.state = stored;
  }
  // From here on nothing waits, so that no other change comes between.
  const { state, answer } = change(isNew(kept.state) ? null : kept.state, Date.now());
  kept.state = state;
  return answer;
}

async function readRow(pool: Pool, budget: Budget): Promise<Json> {
  const { rows } = await pool.query<{ state: Json }>(
    'select state from app.budget where connection_id = $1 and name = $2',
    [budget.connectionId, budget.name],
  );
  return rows[0]?.state ?? {};
}

/** Saves what is in memory of a connection's budgets, so that the next process knows what this one used. */
export async function saveBudgets(pool: Pool, connectionId: string): Promise<void> {
  const states = [...(memories.get(pool)?.values() ?? [])].filter(
    ({ budget, state }) => budget.connectionId === connectionId && !(state instanceof Promise),
  );
  if (states.length === 0) return;
  await pool.query(
    `insert into app.budget (connection_id, name, state)
     select c.id, given.name, given.state
     from app.connection c, jsonb_to_recordset($2::jsonb) as given (name text, state jsonb)
     where c.id = $1
     on conflict (connection_id, name) do update set state = excluded.state`,
    [connectionId, JSON.stringify(states.map(({ budget: { name }, state }) => ({ name, state })))],
  );
}
