import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as z from 'zod';

const AppFile = z.object({ config: z.object({ permittedUrls: z.object({ fetch: z.array(z.url()) }) }) });
const permitted = AppFile.parse(
  JSON.parse(readFileSync(new URL('../src/app/app-hsmeta.json', import.meta.url), 'utf8')),
).config.permittedUrls.fetch;

const SECRET = 'secret-of-the-test';
export const ACCOUNT = { portalId: '48200001', userId: '9001', userEmail: 'rep@example.com', appId: '31' };

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * A workspace on the loopback interface, and HubSpot's `fetch` in front of it as its documentation has it: permitted
 * addresses only, the account and the user in the query, signature v3 over the public address.
 */
export async function startWorkspace() {
  let answer: Answer = (_request, response) => response.writeHead(500).end();
  const asked: { url: URL; isSigned: boolean }[] = [];
  const server = createServer((request, response) => {
    const url = new URL(`${permitted[0]}${request.url}`);
    const { 'x-hubspot-signature-v3': signature, 'x-hubspot-request-timestamp': time } = request.headers;
    asked.push({ url, isSigned: signature === signatureOf('GET', url.href, String(time)) });
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  const hsFetch = (address: string, options: { method?: string; timeout?: number } = {}) => {
    const url = new URL(address);
    if (!permitted.includes(url.origin)) throw new Error(`${url.origin} is not among permittedUrls`);
    if (options.method !== 'GET') throw new Error('the card only reads');
    for (const [name, value] of Object.entries(ACCOUNT)) url.searchParams.set(name, value);
    const time = String(Date.now());
    const headers = {
      'x-hubspot-request-timestamp': time,
      'x-hubspot-signature-v3': signatureOf('GET', url.href, time),
    };
    const there = `http://127.0.0.1:${port}${url.pathname}${url.search}`;
    return fetch(there, { headers, signal: AbortSignal.timeout(options.timeout ?? 15_000) });
  };
  // `hubspot.fetch` finds it on the worker's global.
  Object.assign(globalThis, { self: globalThis, hsFetch });

  return {
    asked,
    /** What it answers from now on. */
    answers: (next: Answer) => {
      answer = next;
    },
    says: (body: unknown, status = 200) => {
      answer = (_request, response) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      };
    },
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const signatureOf = (method: string, url: string, time: string) =>
  createHmac('sha256', SECRET).update(`${method}${url}${time}`).digest('base64');
