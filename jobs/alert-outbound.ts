import { lookup } from 'node:dns';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { InputError, RemoteError } from '../src/errors.ts';

const ANSWER_MS = 10_000;

/** Not on the public internet. https://www.iana.org/assignments/iana-ipv4-special-registry */
const PRIVATE_V4: [string, number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];
/** Global unicast is 2000::/3; of it, what tunnels to other addresses or is for documents. */
const PRIVATE_V6: [string, number][] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

const privateV4 = new BlockList();
for (const [net, prefix] of PRIVATE_V4) privateV4.addSubnet(net, prefix, 'ipv4');
const globalV6 = new BlockList();
globalV6.addSubnet('2000::', 3, 'ipv6');
const privateV6 = new BlockList();
for (const [net, prefix] of PRIVATE_V6) privateV6.addSubnet(net, prefix, 'ipv6');

export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !privateV4.check(address, 'ipv4');
  return family === 6 && globalV6.check(address, 'ipv6') && !privateV6.check(address, 'ipv6');
}

/**
 * Checks an address that somebody typed in.
 * @throws InputError unless it is https without a password, to a host that is not plainly a private one
 */
export function checkOutboundUrl(text: string, toPrivate: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isSafe = url?.protocol === 'https:' || (toPrivate && url?.protocol === 'http:');
  const host = url?.hostname.replace(/^\[|\]$/g, '') ?? '';
  if (!url || !isSafe || url.username !== '' || url.password !== '')
    throw unusable('It has to begin with https://.');
  if (toPrivate) return url;
  if (isIP(host) !== 0 && !isPublicAddress(host))
    throw unusable('It is an address inside a private network.');
  if (!host.includes('.') && isIP(host) === 0) throw unusable('It names a machine of a private network.');
  return url;
}

/**
 * Sends JSON to an address that a tenant chose. The name is looked up once, and what is connected to is what was
 * checked: a name that answers otherwise the second time leads nowhere. Redirects are not followed.
 * @throws RemoteError where there is no good answer
 */
export async function postOutbound(text: string, body: unknown, toPrivate: boolean): Promise<void> {
  const url = checkOutboundUrl(text, toPrivate);
  const payload = Buffer.from(JSON.stringify(body));
  const send = url.protocol === 'http:' ? httpRequest : httpsRequest;
  await new Promise<void>((resolve, reject) => {
    const request = send(
      url,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': payload.length },
        lookup: toPrivate ? undefined : publicOnly,
        timeout: ANSWER_MS,
        agent: false,
        signal: AbortSignal.timeout(ANSWER_MS),
      },
      (response) => {
        const status = response.statusCode ?? 0;
        response.destroy();
        if (status >= 200 && status < 300) resolve();
        else reject(failed(`answered with ${status}`, status));
      },
    );
    request.on('error', (error) => reject(failed('could not be reached', 0, error)));
    request.end(payload);
  });
}

const publicOnly: LookupFunction = (hostname, options, answer) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return answer(error, '');
    const bad = addresses.find(({ address }) => !isPublicAddress(address));
    const [first] = addresses;
    if (bad || !first) return answer(new Error('the name leads into a private network'), '');
    if (options.all) answer(null, addresses);
    else answer(null, first.address, first.family);
  });
};

const unusable = (why: string) =>
  new InputError('address_not_allowed', `Alerts can't be sent there: ${why} Nothing was saved or sent.`, {
    action: 'Use the public https address of the webhook.',
  });

const failed = (how: string, status: number, cause?: unknown) =>
  new RemoteError('alert_not_delivered', `The webhook's address ${how}.`, {
    status,
    action: 'Check the address under Settings, Alerts.',
    cause,
  });
