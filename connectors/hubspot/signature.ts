import { createHmac, timingSafeEqual } from 'node:crypto';
import type { WebhookRequest } from '../contract.ts';

/** Older, or further ahead of our clock, is refused: a captured request is worth nothing soon. */
export const SIGNED_FOR_MS = 5 * 60_000;

/** What HubSpot decodes before it signs; everything else stays as it was sent. */
const DECODED: Record<string, string> = {
  '%3A': ':',
  '%2F': '/',
  '%3F': '?',
  '%40': '@',
  '%21': '!',
  '%24': '$',
  '%27': "'",
  '%28': '(',
  '%29': ')',
  '%2A': '*',
  '%2C': ',',
  '%3B': ';',
};

export type SignedRequest = {
  method: string;
  /** The public address that HubSpot called, with its query, whatever a proxy made of it. */
  url: string;
  /** As it arrived, byte for byte. */
  body: Buffer;
  /** X-HubSpot-Signature-v3 */
  signature: string | undefined;
  /** X-HubSpot-Request-Timestamp, milliseconds */
  timestamp: string | undefined;
};

/**
 * Did HubSpot send this? Signature v3: base64 of HMAC-SHA256 over method, address, body and time.
 * https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation
 * @param secrets the client secret, and the one before it while it is being rotated
 */
export function isSignedByHubSpot(request: SignedRequest, secrets: readonly string[], now: Date): boolean {
  const { signature, timestamp } = request;
  if (!signature || !timestamp || !/^\d{1,16}$/.test(timestamp)) return false;
  if (Math.abs(now.getTime() - Number(timestamp)) > SIGNED_FOR_MS) return false;
  const given = Buffer.from(signature, 'base64');
  // Every secret is tried, so that the time taken does not tell which one it was.
  return secrets.map((secret) => isSame(given, signatureOf(secret, request))).includes(true);
}

/** As isSignedByHubSpot, of a request with its headers. */
export function verifyHubSpot(request: WebhookRequest, secrets: readonly string[], now: Date): boolean {
  const signature = request.header('x-hubspot-signature-v3');
  const timestamp = request.header('x-hubspot-request-timestamp');
  return isSignedByHubSpot({ ...request, signature, timestamp }, secrets, now);
}

/** The bytes that the header carries in base64. */
export function signatureOf(
  secret: string,
  { method, url, body, timestamp }: Pick<SignedRequest, 'method' | 'url' | 'body' | 'timestamp'>,
): Buffer {
  return createHmac('sha256', secret)
    .update(method + decoded(url))
    .update(body)
    .update(timestamp ?? '')
    .digest();
}

function decoded(url: string): string {
  return url.replace(/%[0-9a-f]{2}/gi, (given) => DECODED[given.toUpperCase()] ?? given);
}

function isSame(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected);
}
