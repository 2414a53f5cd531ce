import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { sharedFolder } from '../../shared.ts';
import { orgForEachTest, V } from './org.ts';

const crm = orgForEachTest();
const { call, soql } = crm;

const fixtures = sharedFolder('specs/salesforce/restforce-fixtures');

describe.skipIf(fixtures === undefined)('replies have the shape of recorded ones', () => {
  const fixture = (name: string) => JSON.parse(readFileSync(`${fixtures}/${name}_response.json`, 'utf8'));
  const span = () =>
    `start=${new Date(Date.now() - 60_000).toISOString()}&end=${new Date(Date.now() + 60_000).toISOString()}`;
  const missing = (recorded: object, ours: object) => Object.keys(recorded).filter((key) => !(key in ours));

  test.each([
    ['query_success', () => soql('SELECT Id FROM Contact LIMIT 1')],
    [
      'query_paginated_first_page',
      () => soql('SELECT Id FROM Contact', { 'sforce-query-options': 'batchSize=200' }),
    ],
    ['get_deleted_success', () => call('GET', `${V}/sobjects/Contact/deleted?${span()}`)],
    ['get_updated_success', () => call('GET', `${V}/sobjects/Contact/updated?${span()}`)],
    ['create_success', () => call('POST', `${V}/sobjects/Account`, { Name: 'New' })],
    ['describe_sobjects_success', () => call('GET', `${V}/sobjects`)],
    [
      'refresh_success',
      async () => {
        const body = new URLSearchParams({
          grant_type: 'refresh_token',
          refresh_token: crm.org.issueInstall().refreshToken,
          client_id: crm.org.app.clientId,
          client_secret: crm.org.app.clientSecret,
        });
        return {
          json: await (await fetch(`${crm.org.url}/services/oauth2/token`, { method: 'POST', body })).json(),
        };
      },
    ],
  ])('%s', async (name, reply) => {
    expect(missing(fixture(name), (await reply()).json)).toEqual([]);
  });

  test('describe of a field has every recorded attribute that still exists', async () => {
    const { fields } = (await call('GET', `${V}/sobjects/Contact/describe`)).json;
    expect(missing(fixture('sobject_describe_success').fields[0], fields[0])).toEqual([]);
  });

  test('errors are a list with message and code', async () => {
    for (const [name, path] of [
      ['sobject_describe_error', `${V}/sobjects/Nothing/describe`],
      ['query_error', `${V}/query?q=SELECT+Nope+FROM+Contact`],
    ] as const) {
      const [error] = (await call('GET', path)).json;
      expect(missing(fixture(name)[0], error)).toEqual([]);
      expect(error.errorCode).toBe(fixture(name)[0].errorCode);
    }
  });
});
