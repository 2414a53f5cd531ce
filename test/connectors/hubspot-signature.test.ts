import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSignedByHubSpot, SIGNED_FOR_MS } from '../../connectors/hubspot/signature.ts';
import { parseHubSpotEvents } from '../../connectors/hubspot/webhook.ts';

const NOW = new Date('2026-06-01T12:00:00Z');
const at = (ms: number) => String(NOW.getTime() + ms);
const body = Buffer.from('[{"portalId":1}]');
const url = 'https://segments.example.com/webhooks/hubspot';

/** As HubSpot's page describes it, of the address as it is written there. */
const sign = (secret: string, uri: string, timestamp: string, text: Buffer, method = 'POST') =>
  createHmac('sha256', secret).update(`${method}${uri}${text}${timestamp}`).digest('base64');

const request = (more: Partial<Parameters<typeof isSignedByHubSpot>[0]> = {}) => ({
  method: 'POST',
  url,
  body,
  timestamp: at(0),
  signature: sign('now', url, at(0), body),
  ...more,
});

describe('a signature of HubSpot', () => {
  it('holds for the secret, and for the one before it while that is being rotated', () => {
    expect(isSignedByHubSpot(request(), ['now'], NOW)).toBe(true);
    expect(isSignedByHubSpot(request(), ['next', 'now'], NOW)).toBe(true);
    expect(isSignedByHubSpot(request(), ['next'], NOW)).toBe(false);
    expect(isSignedByHubSpot(request(), [], NOW)).toBe(false);
  });

  it('is what another program works out by the documented recipe', () => {
    // hmac.new(b'now', b'POST' + url + body + b'1780315200000', sha256) of Python
    const signature = 'KKZBTY4zA9SvgiMMWTKbgiP7XXu4V6KTax7IsrpTcoE=';
    expect(isSignedByHubSpot(request({ signature }), ['now'], NOW)).toBe(true);
  });

  it.each([
    ['five minutes old', -SIGNED_FOR_MS, true],
    ['older', -SIGNED_FOR_MS - 1, false],
    ['five minutes ahead of our clock', SIGNED_FOR_MS, true],
    ['further ahead', SIGNED_FOR_MS + 1, false],
  ])('%s: %s ms', (_name, ms, good) => {
    const timestamp = at(ms);
    const given = request({ timestamp, signature: sign('now', url, timestamp, body) });
    expect(isSignedByHubSpot(given, ['now'], NOW)).toBe(good);
  });

  it.each([
    ['no signature', { signature: undefined }],
    ['no time', { timestamp: undefined }],
    ['a time that is no number', { timestamp: 'soon' }],
    ['an empty signature', { signature: '' }],
    ['another method', { method: 'GET' }],
    ['another address', { url: 'https://evil.example.com/webhooks/hubspot' }],
    ['the same JSON, written otherwise', { body: Buffer.from('[{"portalId": 1}]') }],
  ])('does not hold with %s', (_name, more) => {
    expect(isSignedByHubSpot(request(more), ['now'], NOW)).toBe(false);
  });

  it('does not hold once any byte of body, signature or time is another', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('body', 'signature', 'timestamp'),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (part, place, flip) => {
          const given = request();
          const bytes =
            part === 'signature' ? Buffer.from(given.signature, 'base64') : Buffer.from(given[part]);
          const index = place % bytes.length;
          bytes[index] = (bytes[index] ?? 0) ^ flip;
          const changed =
            part === 'body'
              ? bytes
              : part === 'signature'
                ? bytes.toString('base64')
                : bytes.toString('latin1');
          expect(isSignedByHubSpot({ ...given, [part]: changed }, ['now'], NOW)).toBe(false);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is made over the address with its listed escapes decoded, and no others', () => {
    const sent =
      'https://x.example/api/card/hubspot?userEmail=a%40b.example&q=%3A%2F%3F%21%24%27%28%29%2A%2C%3B&s=a%20b%26c';
    const signed = "https://x.example/api/card/hubspot?userEmail=a@b.example&q=:/?!$'()*,;&s=a%20b%26c";
    const none = Buffer.alloc(0);
    const given = request({ method: 'GET', url: sent, body: none });
    const signature = sign('now', signed, at(0), none, 'GET');
    expect(isSignedByHubSpot({ ...given, signature }, ['now'], NOW)).toBe(true);
  });
});

describe('events of HubSpot', () => {
  const parse = (...events: unknown[]) => parseHubSpotEvents(Buffer.from(JSON.stringify(events)));
  const changed = (object: string, ids: string[], property: object | null = null) => ({
    accountId: '7',
    object,
    ids,
    what: 'changed',
    property,
  });

  it.each([
    [
      'a property of a contact',
      { subscriptionType: 'contact.propertyChange', objectId: 5, propertyName: 'email', propertyValue: 'x' },
      [changed('contact', ['5'], { name: 'email', value: 'x' })],
    ],
    [
      'an object named by its type id',
      { subscriptionType: 'object.creation', objectTypeId: '0-3', objectId: 5 },
      [changed('deal', ['5'])],
    ],
    [
      'a merge names all of them',
      {
        subscriptionType: 'company.merge',
        objectId: 1,
        primaryObjectId: 1,
        mergedObjectIds: [2, 3],
        newObjectId: 4,
      },
      [changed('company', ['1', '4', '2', '3'])],
    ],
    [
      'a link: both ends',
      {
        subscriptionType: 'deal.associationChange',
        objectId: 5,
        associationType: 'DEAL_TO_CONTACT',
        fromObjectId: 5,
        toObjectId: 6,
      },
      [changed('deal', ['5']), changed('contact', ['6'])],
    ],
    [
      'a link that names no record as the one that changed',
      {
        subscriptionType: 'object.associationChange',
        associationType: 'CONTACT_TO_COMPANY_UNLABELED',
        fromObjectId: 5,
        toObjectId: 6,
        isPrimaryAssociation: false,
      },
      [changed('contact', ['5']), changed('company', ['6'])],
    ],
    [
      'a link under a label of the account, its ends named by type ids',
      {
        subscriptionType: 'object.associationChange',
        associationType: 'DECISION_MAKER',
        fromObjectId: 5,
        fromObjectTypeId: '0-3',
        toObjectId: 6,
        toObjectTypeId: '0-1',
      },
      [changed('deal', ['5']), changed('contact', ['6'])],
    ],
    [
      'a merge that names no record as the one that changed',
      { subscriptionType: 'object.merge', objectTypeId: '0-1', primaryObjectId: 1, mergedObjectIds: [2] },
      [changed('contact', ['1', '2'])],
    ],
    [
      'a value that is no text',
      { subscriptionType: 'deal.propertyChange', objectId: 5, propertyName: 'amount', propertyValue: 12 },
      [changed('deal', ['5'], { name: 'amount', value: '12' })],
    ],
    [
      'a deletion for privacy',
      { subscriptionType: 'contact.privacyDeletion', objectId: 5 },
      [{ accountId: '7', object: 'contact', ids: ['5'], what: 'erased', property: null }],
    ],
    ['an object that is not kept', { subscriptionType: 'ticket.creation', objectId: 5 }, []],
    [
      'an event of a later day',
      { subscriptionType: 'contact.sneeze', objectId: 5 },
      [changed('contact', ['5'])],
    ],
    ['no id', { subscriptionType: 'contact.creation' }, []],
  ])('%s', (_name, event, expected) => {
    expect(parse({ portalId: 7, eventId: 1, ...event })).toEqual(expected);
  });

  it('keeps the others where one is not understood, and refuses what is no list, or too long a one', () => {
    const good = { portalId: 7, subscriptionType: 'contact.creation', objectId: 1 };
    expect(parse(null, 'x', { portalId: {} }, good)).toEqual([changed('contact', ['1'])]);
    expect(() => parseHubSpotEvents(Buffer.from('{"portalId":7}'))).toThrow();
    expect(() => parseHubSpotEvents(Buffer.from('no'))).toThrow();
    expect(() => parse(...Array.from({ length: 101 }, () => good))).toThrow();
  });
});
