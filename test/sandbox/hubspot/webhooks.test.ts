import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { Signature } from '@hubspot/api-client';
import { expect, onTestFinished, test } from 'vitest';
import { CONTACTS, type Json, portal } from './portal.ts';

test('events arrive in signed batches and are sent again after an error', async () => {
  const { hub, call, id } = await portal();
  const got: { body: string; headers: NodeJS.Dict<string | string[]>; url: string }[] = [];
  const app = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      got.push({ body: Buffer.concat(chunks).toString(), headers: request.headers, url: request.url ?? '' });
      response.writeHead(got.length === 1 ? 500 : 200).end();
    });
  });
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void app.close());
  const address = app.address();
  const targetUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/hooks`;
  hub.admin.subscribe({
    targetUrl,
    retryMs: 10,
    subscriptions: [
      { subscriptionType: 'contact.propertyChange', propertyName: 'plan' },
      { subscriptionType: 'object.deletion' },
    ],
  });
  await call('PATCH', `${CONTACTS}/${id('p1')}`, {
    properties: { plan: 'paid', firstname: 'Not asked for' },
  });
  await call('DELETE', `${CONTACTS}/${id('p2')}`);
  await expect.poll(() => hub.webhooks.delivered).toBe(2);
  const [first, ...later] = got;
  const events = later.flatMap(({ body }): Json[] => JSON.parse(body));
  expect(events).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        subscriptionType: 'contact.propertyChange',
        objectId: Number(id('p1')),
        propertyName: 'plan',
        propertyValue: 'paid',
        changeSource: 'INTEGRATION',
        portalId: hub.portalId,
      }),
      expect.objectContaining({
        subscriptionType: 'object.deletion',
        objectTypeId: '0-1',
        objectId: Number(id('p2')),
      }),
    ]),
  );
  const timestamp = Number(first?.headers['x-hubspot-request-timestamp']);
  const signature = String(first?.headers['x-hubspot-signature-v3']);
  expect(signature).toBe(
    createHmac('sha256', 'sandbox-secret')
      .update(`POST${targetUrl}${first?.body}${timestamp}`)
      .digest('base64'),
  );
  expect(
    Signature.isValid({
      signature,
      clientSecret: 'sandbox-secret',
      requestBody: first?.body ?? '',
      signatureVersion: 'v3',
      url: targetUrl,
      method: 'POST',
      timestamp,
    }),
  ).toBe(true);
});
