import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { expect, it, onTestFinished } from 'vitest';
import {
  AuthError,
  ConfigError,
  ConflictError,
  FenceError,
  InputError,
  NotFoundError,
  PermissionError,
  RateLimitError,
  RemoteError,
  SignInError,
  StoreError,
} from '../../src/errors.ts';
import { createLog } from '../../src/log.ts';
import { problems } from '../../src/server/problem.ts';

/** What a caller gets where an endpoint throws. */
async function answerTo(thrown: unknown): Promise<{ answer: Response; body: unknown }> {
  const app = express();
  app.get('/', () => {
    throw thrown;
  });
  app.use(problems({ log: createLog({ level: 'silent' }) }));
  const server = app.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } });
  return { answer, body: await answer.json() };
}

const action = 'Do this.';

it.each([
  [new SignInError('x', 'Who?', { action }), 401],
  [new PermissionError('x', 'No.', { action }), 403],
  [new NotFoundError('x', 'Nothing.', { action }), 404],
  [new InputError('run_unknown', 'No such run.', { action }), 404],
  [new InputError('x', 'What?', { action }), 400],
  [new ConflictError('x', 'Changed.', { action }), 409],
  [new FenceError('x', 'Taken.', { action }), 409],
  [new RateLimitError('x', 'Later.', { action, retryAfterMs: 1_500 }), 429],
  [new AuthError('x', 'Refused.', { action }), 502],
  [new RemoteError('x', 'Broken.', { action, status: 500 }), 502],
  [new ConfigError('x', 'Unset.', { action }), 503],
])('%s is answered by %i, with what happened and what to do', async (error, status) => {
  const { answer, body } = await answerTo(error);
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(body).toMatchObject({ status, code: error.code, detail: error.message, action });
});

it('says in whole seconds when a caller may come again', async () => {
  const late = new RateLimitError('x', 'Later.', { action, retryAfterMs: 1_500 });
  expect((await answerTo(late)).answer.headers.get('retry-after')).toBe('2');
});

const fault = (code: string | undefined, message: string) =>
  Object.assign(new Error(message), code === undefined ? {} : { code });

it.each([
  fault('40P01', 'deadlock detected'),
  fault('40001', 'could not serialize access'),
  fault('55P03', 'canceling statement due to lock timeout'),
  fault('57P01', 'terminating connection due to administrator command'),
  fault('ECONNREFUSED', 'connect ECONNREFUSED'),
  fault(undefined, 'Connection terminated unexpectedly'),
  fault(undefined, 'timeout exceeded when trying to connect'),
  new AggregateError([
    fault(undefined, 'Client has encountered a connection error and is not queryable'),
    fault(undefined, 'Client has encountered a connection error and is not queryable'),
  ]),
  new StoreError('table_busy', 'A table was busy, so its columns were not changed.', { action }),
])('%s of the store is answered by 503, with when to come again and nothing of the inside', async (error) => {
  const { answer, body } = await answerTo(error);
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).toBe('5');
  expect(body).toMatchObject({
    code: expect.stringMatching(/^(database|table)_/),
    action: expect.stringMatching(/^Send it again/),
  });
  expect(JSON.stringify(body)).not.toMatch(/deadlock|terminat|ECONN|queryable/);
});

it('does not take the silence of another system for one of the store', async () => {
  const silent = new TypeError('fetch failed', { cause: fault('ECONNREFUSED', 'connect ECONNREFUSED') });
  expect((await answerTo(silent)).answer.status).toBe(500);
});

it('tells nothing of the inside where nobody expected the error', async () => {
  const { answer, body } = await answerTo(new Error('relation "tenant_t1.person" does not exist'));
  expect(answer.status).toBe(500);
  expect(JSON.stringify(body)).not.toContain('tenant_t1');
});
