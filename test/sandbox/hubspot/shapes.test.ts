import { describe, expect, test } from 'vitest';
import { sharedFolder } from '../../shared.ts';
import { departures, readDocument, replySchema } from './openapi-shape.ts';
import { type Json, portal } from './portal.ts';
import { SHAPE_CASES } from './shape-cases.ts';

const specs = sharedFolder('specs/hubspot');

describe.skipIf(specs === undefined)('replies have the shapes of the specification', () => {
  test.each(SHAPE_CASES)('%s: %s %s %i', async (file, method, path, status, parts) => {
    const made = await portal();
    const { values = {}, query, body } = parts?.(made) ?? {};
    const filled = path.replace(/\{(\w+)\}/g, (_whole, name: string) => values[name] ?? `{${name}}`);
    const got = await made.call(method, query ? `${filled}?${query}` : filled, body);
    expect(got.status).toBe(status);
    const document = readDocument(`${specs}/${file}`);
    const schema = replySchema(document, method, path, status);
    // The client's error model leaves out `status: "error"`, which HubSpot's own errors carry.
    const { status: _said, ...error } = got.body ?? {};
    const compared = status >= 400 ? error : got.body;
    if (schema) expect(departures(document, schema, compared)).toEqual([]);
    else expect(got.body).toBeUndefined();
  });

  test('token answers, by the numbered path', async () => {
    const { hub, refreshToken } = await portal();
    const fields = {
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      client_id: 'sandbox-client',
      client_secret: 'sandbox-secret',
    };
    const response = await fetch(`${hub.url}/oauth/v1/token`, {
      method: 'POST',
      body: new URLSearchParams(fields),
    });
    const body: Json = await response.json();
    const document = readDocument(`${specs}/oauth.v1.json`);
    expect(departures(document, replySchema(document, 'POST', '/oauth/v1/token', 200), body)).toEqual([]);
    const info = await fetch(`${hub.url}/oauth/v1/access-tokens/${body.access_token}`);
    const schema = replySchema(document, 'GET', '/oauth/v1/access-tokens/{token}', 200);
    expect(departures(document, schema, await info.json())).toEqual([]);
  });

  test('the comparison itself sees a missing, a wrong and an unknown field', () => {
    const document = readDocument(`${specs}/contacts.v3.json`);
    const schema = { $ref: '#/components/schemas/SimplePublicObject' };
    const good = {
      id: '1',
      properties: { email: null },
      createdAt: '2026-01-01T00:00:00Z',
      updatedAt: '2026-01-01T00:00:00Z',
    };
    expect(departures(document, schema, good)).toEqual([]);
    const { id: _id, ...bad } = { ...good, updatedAt: 5, nonsense: true };
    expect(departures(document, schema, bad)).toEqual([
      '$.id is missing',
      '$.updatedAt is number, not a string',
      '$.nonsense is unknown',
    ]);
  });
});
