import { afterEach, beforeEach } from 'vitest';
import { salesforceId } from '../../../sandbox/salesforce/ids.ts';
import { type SalesforceSandbox, startSalesforce } from '../../../sandbox/salesforce/index.ts';
import { smallOrg } from './seed.ts';

export const V = '/services/data/v66.0';
export const contactId = (n: number) => salesforceId('003', n);
export const ids = (reply: { json: { records: { Id: string }[] } }) =>
  reply.json.records.map((record) => record.Id);

/** An org of its own for each test of a file, and calls with the token of its install, or with `token` once set. */
export function orgForEachTest() {
  let org: SalesforceSandbox;
  let token: string;
  beforeEach(async () => {
    org = await startSalesforce({ seed: smallOrg(), shortPages: 0, bulk: { delayMs: 40 } });
    token = org.issueInstall().accessToken;
  });
  afterEach(() => org.stop());

  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(org.url + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        'sforce-auto-assign': 'FALSE',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json');
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: isJson ? JSON.parse(text) : null,
    };
  };
  return {
    get org() {
      return org;
    },
    get token() {
      return token;
    },
    set token(other: string) {
      token = other;
    },
    call,
    soql: (q: string, headers = {}) =>
      call('GET', `${V}/query?q=${encodeURIComponent(q)}`, undefined, headers),
  };
}
