import { z } from 'zod';
import { readBudgets } from '../../../jobs/budgets.ts';
import { listConnections } from '../../store/connections.ts';
import { getRun, STAGES } from '../../store/runs.ts';
import { listUndosOfRun } from '../../store/undos.ts';
import { BudgetAnswer } from '../budget-answer.ts';
import { Instant, route } from '../route.ts';
import { RunAnswer, runAnswer } from '../run-answer.ts';
import { UndoAnswer } from './get-undo.ts';
import { IdText } from './list-runs.ts';

export const RunParams = z.strictObject({ id: IdText });

export default route({
  method: 'GET',
  path: '/api/runs/:id',
  summary: 'One run: its stages, what they counted, calls and limits of each connection',
  tag: 'Runs',
  may: 'read',
  params: RunParams,
  answer: z.object({
    run: RunAnswer,
    stages: z.array(
      z.object({
        stage: z.enum(STAGES),
        state: z.enum(['to_come', 'active', 'done', 'stopped']),
        counts: z.array(z.object({ name: z.string(), value: z.number() })),
      }),
    ),
    connections: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        system: z.string(),
        calls: z.number(),
        writes: z.number(),
        throttled: z.number(),
        budgets: z.array(BudgetAnswer),
      }),
    ),
    undos: z.array(UndoAnswer),
    advancedAt: Instant.nullable(),
  }),
  handle: async ({ params, tenant, parts }) => {
    const { pool } = parts.store;
    const run = await getRun(pool, tenant, params.id);
    const at = STAGES.indexOf(run.stage);
    const here = run.endedAt === null ? 'active' : run.state === 'done' ? 'done' : 'stopped';
    const calls = run.counts.calls ?? {};
    const connections = await listConnections(pool, tenant);
    return {
      run: runAnswer(run),
      advancedAt: run.advancedAt,
      stages: STAGES.map((stage, i) => ({
        stage,
        state:
          i < at
            ? ('done' as const)
            : i > at
              ? ('to_come' as const)
              : (here as 'active' | 'done' | 'stopped'),
        counts: Object.entries(run.counts[stage] ?? {}).map(([name, value]) => ({ name, value })),
      })),
      connections: await Promise.all(
        connections.map(async ({ id, name, system }) => ({
          id,
          name,
          system,
          calls: calls[`${id}.calls`] ?? 0,
          writes: calls[`${id}.writes`] ?? 0,
          throttled: calls[`${id}.throttled`] ?? 0,
          budgets: await readBudgets(pool, { id, system }),
        })),
      ),
      undos: await listUndosOfRun(pool, tenant, run.id),
    };
  },
});
