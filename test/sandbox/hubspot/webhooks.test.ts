import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { Signature } from '@hubspot/api-client';
import { expect, onTestFinished, test } from 'vitest';
import { CONTACTS, type Json, portal } from './portal.ts';

/** Where a portal may post its events; the first `failing` posts are answered with 500. */
const endpoint = async (failing = 0) => {
  const got: { body: string; headers: NodeJS.Dict<string | string[]>; url: string }[] = [];
  const app = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      got.push({ body: Buffer.concat(chunks).toString(), headers: request.headers, url: request.url ?? '' });
      response.writeHead(got.length <= failing ? 500 : 200).end();
    });
  });
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void app.close());
  const address = app.address();
  const targetUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/hooks`;
  const events = (posts = got) => posts.flatMap(({ body }): Json[] => JSON.parse(body));
  return { got, targetUrl, events };
};

test('events arrive in signed batches and are sent again after an error', async () => {
  const { hub, call, id } = await portal();
  const { got, targetUrl, events: eventsOf } = await endpoint(1);
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
  await expect.poll(() => hub.webhooks.delivered, { timeout: 30_000 }).toBe(2);
  const [first, ...later] = got;
  const events = eventsOf(later);
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

test('a changed association is told from both ends, and names no record as the one that changed', async () => {
  const { hub, id } = await portal();
  const { targetUrl, events } = await endpoint();
  const subscriptionType = 'object.associationChange';
  hub.admin.subscribe({ targetUrl, subscriptions: [{ subscriptionType }] });
  const [from, to] = [id('p1'), id('acme', 'company')];
  hub.admin.dissociate('contact', from, 'company', to);
  await expect.poll(() => hub.webhooks.delivered, { timeout: 30_000 }).toBe(2);
  const common = { subscriptionType, associationRemoved: true, isPrimaryAssociation: false };
  expect(events()).toMatchObject([
    { ...common, associationType: 'CONTACT_TO_COMPANY', fromObjectId: Number(from), toObjectId: Number(to) },
    { ...common, associationType: 'COMPANY_TO_CONTACT', fromObjectId: Number(to), toObjectId: Number(from) },
  ]);
  for (const event of events()) expect(Object.keys(event)).not.toContain('objectId');
});
