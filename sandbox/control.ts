import express, { type Router } from 'express';
import { z } from 'zod';
import type { Clock } from './clock.ts';
import { FaultPlan, type Faults } from './faults.ts';
import type { Journal } from './journal.ts';

/** One thing that tests and the demo may do to a CRM behind its API's back, in this process or over HTTP. */
export type Operation = { arguments: z.ZodType<unknown[]>; run(args: unknown[]): unknown };

/** Joins an operation's argument schema to the function that gets the parsed arguments. */
export const operation = <A extends z.ZodType<unknown[]>>(
  argumentsSchema: A,
  run: (...args: z.infer<A> & unknown[]) => unknown,
): Operation => ({
  arguments: argumentsSchema,
  run: (args) => run(...argumentsSchema.parse(args)),
});

/**
 * The sandbox's own door, for another process: journal, faults, clock, and POST /admin/{operation} with a JSON array
 * of arguments, answered by `{ result }`. Mounted under /__sandbox; nothing here is counted or limited.
 */
export const controlRouter = (parts: {
  journal: Journal;
  faults: Faults;
  clock: Clock;
  operations: Record<string, Operation>;
}): Router => {
  const { journal, faults, clock, operations } = parts;
  const router = express.Router();
  router.use(express.json({ limit: '64mb', strict: false }));
  router.get('/journal', (_request, response) => void response.json(journal.totals()));
  router.delete('/journal', (_request, response) => {
    journal.reset();
    response.sendStatus(204);
  });
  router.put('/faults', (request, response) => {
    faults.replace(FaultPlan.parse(request.body));
    response.sendStatus(204);
  });
  router.post('/clock', (request, response) => {
    clock.advance(z.object({ advanceMs: z.number() }).parse(request.body).advanceMs);
    response.json({ now: clock.now() });
  });
  router.post('/admin/:operation', (request, response) => {
    const found = operations[request.params.operation];
    if (!found) return void response.status(404).json({ error: `No operation ${request.params.operation}` });
    response.json({ result: found.run(z.array(z.unknown()).parse(request.body ?? [])) ?? null });
  });
  router.use((_request, response) => void response.status(404).json({ error: 'No such sandbox path' }));
  router.use(
    (error: unknown, _request: express.Request, response: express.Response, _next: express.NextFunction) => {
      response.status(400).json({ error: error instanceof Error ? error.message : String(error) });
    },
  );
  return router;
};
