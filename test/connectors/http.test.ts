import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { memoryContext } from '../../connectors/context.ts';
import type { LimitReport } from '../../connectors/contract.ts';
import csv from '../../connectors/csv/index.ts';
import {
  allowedApiUrl,
  type Dialect,
  exchange,
  type HttpRequest,
  pinnedFetch,
  send,
} from '../../connectors/http.ts';
import { RemoteError } from '../../src/errors.ts';

type Handler = (request: IncomingMessage, response: ServerResponse, n: number) => void;

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

const serve = async (handler: Handler): Promise<{ url: string; calls: () => number }> => {
  let calls = 0;
  const server = createServer((request, response) => {
    calls += 1;
    handler(request, response, calls);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `http://127.0.0.1:${address.port}`, calls: () => calls };
};

/** A full collection, a turn later: a WeakRef keeps its object until the turn in which it was made is over. */
const collectGarbage = async () => {
  setFlagsFromString('--expose-gc');
  await turn();
  runInNewContext('gc')();
};

/** For a request to reach the server of a test on a busy machine; it is waited for in full. */
const LONG_ENOUGH_MS = 2_000;

const reports: LimitReport[] = [];
const DIALECT: Dialect = { name: 'Some CRM', limits: () => [] };
const GET: HttpRequest = { method: 'GET', path: '/x', budget: 'general', write: false, expect: 'json' };

const call = (url: string, request: Partial<HttpRequest> = {}, signal?: AbortSignal) => {
  reports.length = 0;
  const context = {
    ...memoryContext({ connector: csv, config: { folder: '' }, signal }),
    token: async (asked?: { refused?: string }) => ({
      accessToken: asked?.refused ? 'new' : 'old',
      apiUrl: url,
    }),
    pace: async () => undefined,
    report: (report: LimitReport) => void reports.push(report),
  };
  const whole = { ...GET, ...request };
  return exchange(context, DIALECT, whole, ({ accessToken }, inner) =>
    pinnedFetch(fetch, url)(`${url}/x?secret=1`, {
      method: whole.method,
      headers: { authorization: `Bearer ${accessToken}` },
      signal: inner,
    }),
  );
};

const json = (response: ServerResponse, body: unknown, status = 200) => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};

/** 200 MB of blanks in 200 kB: packed pieces, one after another, are packed data too. */
const BOMB = Buffer.concat(Array.from({ length: 100 }, () => gzipSync(Buffer.alloc(2_000_000, 32))));

describe('an answer', () => {
  it('is given whole, with its headers', async () => {
    const { url } = await serve((_request, response) => {
      response.setHeader('x-left', '3');
      json(response, { a: 1 });
    });
    const answer = await call(url);
    expect(answer.json).toEqual({ a: 1 });
    expect(answer.headers.get('x-left')).toBe('3');
  });

  it.each<[string, Handler, string, Partial<HttpRequest>]>([
    [
      'a web page',
      (_q, r) => r.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Hello</h1>'),
      'wrong_type',
      {},
    ],
    [
      'a web page where text is expected',
      (_q, r) => r.writeHead(200, { 'content-type': 'text/html' }).end('<h1>'),
      'wrong_type',
      { expect: 'text' },
    ],
    [
      'a web page where a stream is expected',
      (_q, r) => r.writeHead(200, { 'content-type': 'text/html' }).end('<h1>'),
      'wrong_type',
      { expect: 'stream' },
    ],
    [
      'nothing where rows are expected',
      (_q, r) => r.writeHead(200, { 'content-type': 'application/json' }).end(),
      'truncated',
      {},
    ],
    [
      'half an answer',
      (_q, r) => r.writeHead(200, { 'content-type': 'application/json' }).end('{"results":[{"id"'),
      'truncated',
      {},
    ],
    [
      'NaN',
      (_q, r) => r.writeHead(200, { 'content-type': 'application/json' }).end('{"a":NaN}'),
      'truncated',
      {},
    ],
    ['a dropped socket', (q) => void q.socket.destroy(), 'no_answer', {}],
    ['silence', () => undefined, 'timeout', { timeoutMs: LONG_ENOUGH_MS }],
    [
      'a body that never ends',
      (_q, r) => void r.writeHead(200, { 'content-type': 'application/json' }).write('{"a":'),
      'timeout',
      { timeoutMs: LONG_ENOUGH_MS },
    ],
  ])('that is %s is an error that may be tried again', async (_name, handler, code, request) => {
    const { url, calls } = await serve(handler);
    // As a write that must not be repeated, so that the test need not wait for the tries.
    const failed = call(url, { method: 'POST', write: true, idempotent: false, ...request });
    await expect(failed).rejects.toMatchObject({
      name: 'RemoteError',
      code,
      retryable: true,
      outcomeUnknown: true,
    });
    expect(calls()).toBe(1);
  });

  it.each([
    ['too large', (response: ServerResponse) => response.end(JSON.stringify('x'.repeat(3_000_000)))],
    [
      'a small package that unpacks to much',
      (response: ServerResponse) => {
        response.setHeader('content-encoding', 'gzip');
        response.end(BOMB);
      },
    ],
  ])('that is %s is given up without holding it', async (_name, end) => {
    const { url } = await serve((_request, response) => {
      response.setHeader('content-type', 'application/json');
      end(response);
    });
    const before = process.memoryUsage().rss;
    await expect(call(url, { maxBytes: 2_000_000 })).rejects.toMatchObject({
      code: 'too_large',
      retryable: false,
    });
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
  });

  it('that sends us elsewhere is refused: the token goes nowhere else', async () => {
    const other = await serve((_request, response) => json(response, { stolen: true }));
    const { url } = await serve((_request, response) =>
      response.writeHead(307, { location: other.url }).end(),
    );
    await expect(call(url)).rejects.toMatchObject({ code: 'redirected', retryable: false });
    expect(other.calls()).toBe(0);
  });

  it('says in its error which call it was, and no secret', async () => {
    const { url } = await serve((_request, response) => json(response, { message: 'no' }, 418));
    const error = await call(url).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain('GET /x');
    expect(JSON.stringify(error) + String(error)).not.toMatch(/secret|Bearer|old/);
  });

  it('that refuses a token gets one with a new token, once', async () => {
    const { url, calls } = await serve((request, response) =>
      request.headers.authorization === 'Bearer new' ? json(response, {}) : json(response, {}, 401),
    );
    await expect(call(url)).resolves.toMatchObject({ status: 200 });
    expect(calls()).toBe(2);
    const dead = await serve((_request, response) => json(response, {}, 401));
    await expect(call(dead.url)).rejects.toMatchObject({ name: 'AuthError' });
    expect(dead.calls()).toBe(2);
  });

  it('that can have no token is not tried again: the token was', async () => {
    const { url, calls } = await serve((_, response) => json(response, {}));
    let asked = 0;
    const away = new RemoteError('away', 'Nobody gives tokens.', {
      status: 503,
      retryable: true,
      outcomeUnknown: false,
      action: '',
    });
    const context = {
      ...memoryContext({ connector: csv, config: { folder: '' } }),
      token: async () => {
        asked += 1;
        throw away;
      },
    };
    await expect(exchange(context, DIALECT, GET, () => fetch(url))).rejects.toBe(away);
    expect({ asked, calls: calls() }).toEqual({ asked: 1, calls: 0 });
  });

  it('that asks for a long wait is told to the budget and handed back', async () => {
    const { url, calls } = await serve((_request, response) => {
      response.setHeader('retry-after', '3600');
      json(response, {}, 429);
    });
    await expect(call(url)).rejects.toMatchObject({ name: 'RateLimitError', retryAfterMs: 3_600_000 });
    expect(reports).toEqual([{ budget: 'general', retryAfterMs: 3_600_000 }]);
    expect(calls()).toBe(1);
  });

  it('that never came is no unknown outcome where nothing was sent', async () => {
    const { url } = await serve(() => undefined);
    for (const stop of stops.splice(0)) stop();
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('enough')), 100);
    await expect(
      call(url, { method: 'POST', write: true, idempotent: false }, controller.signal),
    ).rejects.toThrow('enough');
  });
});

it('lets go of an answer at once, although fetch keeps the signal of its call', async () => {
  const { url } = await serve((_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ rows: ['a', 'b'] }));
  });
  const kept: AbortSignal[] = [];
  const outer = new AbortController();
  const read = async () => {
    const answer = await send(DIALECT, GET, outer.signal, (signal) => {
      kept.push(signal);
      return fetch(url, { signal });
    });
    return new WeakRef(answer);
  };
  const answer = await read();
  await collectGarbage();
  expect(kept).toHaveLength(1);
  expect(answer.deref()).toBeUndefined();
});

describe('allowedApiUrl', () => {
  it.each([
    ['https://api.hubapi.com', 'https://api.hubapi.com'],
    ['https://hubapi.com/path', 'https://hubapi.com'],
    ['http://127.0.0.1:4010', 'http://127.0.0.1:4010'],
    ['http://[::1]:4010/x', 'http://[::1]:4010'],
    ['http://localhost:80', 'http://localhost'],
  ])('takes %s', (value, origin) => {
    expect(allowedApiUrl(value, ['hubapi.com'])).toBe(origin);
  });

  it.each([
    'http://api.hubapi.com',
    'https://api.hubapi.com:8443',
    'https://evil-hubapi.com',
    'https://hubapi.com.evil.io',
    'https://user@api.hubapi.com',
    'https://api.hubapi.com@evil.io',
    'https://169.254.169.254',
    'http://10.0.0.1',
    'http://2130706433.evil.io',
    'file:///etc/passwd',
    'nonsense',
  ])('refuses %s', (value) => {
    expect(() => allowedApiUrl(value, ['hubapi.com'])).toThrow(
      expect.objectContaining({ code: 'foreign_host' }),
    );
  });

  it('stops a call to any other origin before it is sent', () => {
    const pinned = pinnedFetch(fetch, 'https://api.hubapi.com');
    expect(() => pinned('https://evil.io/x')).toThrow('only https://api.hubapi.com is allowed');
    expect(() => pinned(new URL('http://api.hubapi.com/x'))).toThrow('is allowed');
  });
});
