import { emptyPace, type PaceState } from '../connectors/pace.ts';
import { connectorOf } from '../connectors/registry.ts';
import { changeBudget, saveBudgets } from '../src/store/budgets.ts';
import type { Pool } from '../src/store/pool.ts';

/** A limit on calls to a connection, and how much of it is used at this moment. */
export type BudgetView = {
  name: string;
  limit: number;
  windowMs: number;
  used: number;
  /** Set by a person of this company. */
  isOurs: boolean;
  waitMs: number;
};

/** The budget that people set for a connection, beside those of the CRM; people see this name. */
export const OWN_BUDGET = 'your calls a day';
const DAY_MS = 86_400_000;

/** The calls a day that people set for a connection; null for no such limit. */
export const ownCallsADay = (pool: Pool, connectionId: string): Promise<number | null> =>
  changeBudget<PaceState, number | null>(pool, { connectionId, name: OWN_BUDGET }, (state) => ({
    state: state ?? emptyPace(),
    answer: state?.limit ?? null,
  }));

/** Sets it; calls of the last day count from the first one after it was set. */
export async function setCallsADay(pool: Pool, connectionId: string, limit: number | null): Promise<void> {
  await changeBudget<PaceState, undefined>(pool, { connectionId, name: OWN_BUDGET }, (state) => ({
    state: { ...(state ?? emptyPace()), limit },
    answer: undefined,
  }));
  await saveBudgets(pool, connectionId);
}

/** As connectors write theirs. */
export const ownBudget = (permits: number) => ({ permits, windowMs: DAY_MS, scope: 'account' as const });

/** All budgets of a connection as they stand. */
export async function readBudgets(
  pool: Pool,
  connection: { id: string; system: string },
): Promise<BudgetView[]> {
  const own = await ownCallsADay(pool, connection.id);
  const budgets = {
    ...connectorOf(connection.system).budgets,
    ...(own !== null && { [OWN_BUDGET]: ownBudget(own) }),
  };
  return await Promise.all(
    Object.entries(budgets).map(async ([name, { permits, windowMs }]) => {
      const answer = await changeBudget<PaceState, Pick<BudgetView, 'limit' | 'used' | 'waitMs'>>(
        pool,
        { connectionId: connection.id, name },
        (state, now) => {
          const kept = state ?? emptyPace();
          const spent = kept.spent.filter(([at]) => at + windowMs > now);
          const used = [...spent.map(([, n]) => n), ...kept.open.map(([, , n]) => n)].reduce(
            (a, b) => a + b,
            0,
          );
          const waitMs = Math.max(0, kept.notBefore - now);
          return { state: kept, answer: { limit: kept.limit ?? permits, used, waitMs } };
        },
      );
      return { name, windowMs, isOurs: name === OWN_BUDGET, ...answer };
    }),
  );
}
