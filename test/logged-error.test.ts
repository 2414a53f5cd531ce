import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Dialect, type HttpRequest, toError } from '../connectors/http.ts';
import { DIALECT as HUBSPOT } from '../connectors/hubspot/client.ts';
import { DIALECT as SALESFORCE } from '../connectors/salesforce/dialect.ts';
import { ConfigError, toAppError } from '../src/errors.ts';
import { describeError } from '../src/logged-error.ts';
import { toStoreFault } from '../src/store/fault.ts';
import { openTestDatabase, type TestDatabase } from './database.ts';
import { keepLog } from './kept-log.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
  await database.pool.query(
    `create table app.guest (email text unique, spent integer check (spent < 100), joined date not null);
     insert into app.guest values ('canary@example.com', 1, '2026-01-01')`,
  );
});
afterAll(async () => {
  await database.close();
});

/** Each holds "canary", in one place or several. */
const STATEMENTS: [what: string, sql: string, values: unknown[], kept: object][] = [
  [
    'a value that is there already',
    `insert into app.guest values ($1, 1, '2026-01-01')`,
    ['canary@example.com'],
    { code: '23505', constraint: 'guest_email_key', table: 'guest' },
  ],
  [
    'a row that breaks a rule',
    `insert into app.guest values ($1, 101, '2026-01-01')`,
    ['a canary'],
    { code: '23514', constraint: 'guest_spent_check', table: 'guest' },
  ],
  [
    'a row with a value too few',
    'insert into app.guest values ($1, 1, null)',
    ['a canary'],
    { code: '23502', table: 'guest', column: 'joined' },
  ],
  ['text that is no number', 'select $1::text::numeric', ['a "canary" sings'], { code: '22P02' }],
  ['text that is no date', 'select $1::text::date', ['canary'], { code: '22007' }],
  ['text that is no JSON', 'select $1::text::jsonb', ['{"name": canary}'], { code: '22P02' }],
  ['text that is no array', 'select $1::text::text[]', ['{canary'], { code: '22P02' }],
  [
    'what a function was given',
    `do $$ begin perform 'canary'::text::integer; end $$`,
    [],
    { code: '22P02', message: expect.stringContaining('invalid input syntax for type integer') },
  ],
];

const request: HttpRequest = {
  method: 'PATCH',
  path: '/crm/objects/7',
  budget: 'api',
  write: true,
  expect: 'json',
};
const answerOf = (json: unknown) => ({
  status: 400,
  headers: new Headers(),
  text: JSON.stringify(json),
  json,
  response: new Response(),
});
const ANSWERS: [name: string, dialect: Dialect, json: unknown, kept: string][] = [
  [
    HUBSPOT.name,
    HUBSPOT,
    { message: 'Email address Canary Bird is invalid; 1,204 given', category: 'VALIDATION_ERROR' },
    'HubSpot refused PATCH /crm/objects/7 (400): …',
  ],
  [
    SALESFORCE.name,
    SALESFORCE,
    [{ errorCode: 'STRING_TOO_LONG', message: 'Name: data value too large: Canary Bird $& (max length=5)' }],
    'Salesforce refused PATCH /crm/objects/7 (400 STRING_TOO_LONG): …',
  ],
];

async function thrownBy(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error('it should have thrown');
}

describe('an error in the log', () => {
  it.each(STATEMENTS)(
    'of the database keeps the code and the names, not %s',
    async (_, sql, values, kept) => {
      const error = await thrownBy(() => database.pool.query(sql, values));
      const logged = describeError(error);
      expect(logged).toMatchObject(kept);
      expect(logged.stack).toContain('at ');
      expect(JSON.stringify(logged)).not.toMatch(/canary/i);
      // However it is passed on.
      for (const wrapped of [toStoreFault(error) ?? toAppError(error), new Error('failed', { cause: error })])
        expect(JSON.stringify(describeError(wrapped))).not.toMatch(/canary/i);
    },
  );

  it.each(ANSWERS)('of %s tells the call and its status, not what the CRM says', (_, dialect, json, kept) => {
    const error = toError(dialect, request, answerOf(json));
    expect(error.message).toContain('Canary Bird');
    const logged = describeError(error);
    expect(logged.message).toBe(kept);
    expect(JSON.stringify(logged)).not.toMatch(/canary/i);
  });

  it('of a schema tells which field was wrong and how', () => {
    const Guest = z.strictObject({ age: z.number(), kind: z.enum(['a', 'b']) });
    const { error } = Guest.safeParse({ age: 'canary', kind: 'canary', canary: 1 }, { reportInput: true });
    const logged = describeError(error);
    expect(logged.message).toBe('age: invalid_type; kind: invalid_value; value: unrecognized_keys');
    expect(JSON.stringify(logged)).not.toMatch(/canary/i);
  });

  it('of JSON that breaks off leaves out what was read', async () => {
    const logged = describeError(await thrownBy(() => JSON.parse('canary, "Bird"')));
    expect(logged.message).toMatch(/^Unexpected token … is not valid JSON$/);
    expect(JSON.stringify(logged)).not.toMatch(/canary/i);
  });

  it('keeps our own words, quotes and all, and the errors within one', () => {
    const refusals = [1, 2].map((port) => Object.assign(new Error(`refused at :${port}`), { code: 'X' }));
    const cause = new AggregateError(refusals, '');
    const logged = describeError(
      new ConfigError('role_unknown', 'There is no part called "hub".', { action: 'Name one.', cause }),
    );
    expect(logged).toMatchObject({
      type: 'ConfigError',
      code: 'role_unknown',
      message: 'There is no part called "hub".',
      cause: { errors: [{ message: 'refused at :1', code: 'X' }, { message: 'refused at :2' }] },
    });
  });

  it('may be anything that was thrown', () => {
    expect(describeError({ email: 'canary@example.com' })).toEqual({
      type: 'object',
      message: '[object Object]',
    });
    expect(describeError('canary@example.com fell')).toEqual({
      type: 'string',
      message: '[address] fell',
    });
  });
});

describe('a line of the log', () => {
  it.each([
    ['canary@example.com', '[address]'],
    ['<Canary.Bird+shop@mail.example.co.uk>: 550 unknown', '<[address]>: 550 unknown'],
    ['to:canary@münchen.de;', 'to:[address];'],
    ['/contacts?email=canary%40example.com&a=1', '/contacts?email=[address]&a=1'],
    ['two\nlines canary@example.com', 'two\nlines [address]'],
    ['node_modules/@hubspot/api-client/lib.js', 'node_modules/@hubspot/api-client/lib.js'],
    ['pino@10.4.0 and a @ sign', 'pino@10.4.0 and a @ sign'],
  ])('holds no e-mail address, wherever it stood: %j', (said, kept) => {
    const { log, text } = keepLog();
    log.child({ said }).warn({ err: new Error(said), deep: { in: [said] } }, said);
    expect(text()).not.toMatch(/canary/i);
    expect(JSON.parse(text())).toMatchObject({
      said: kept,
      err: { message: kept },
      deep: { in: [kept] },
      msg: kept,
    });
  });
});
