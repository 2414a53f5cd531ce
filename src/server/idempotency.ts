import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';
import { ConflictError, InputError } from '../errors.ts';
import { dropKey, keepAnswer, takeKey } from '../store/idempotency.ts';
import type { Actor } from './actor.ts';
import type { ServerParts } from './parts.ts';

const HEADER = 'idempotency-key';

/**
 * Does the work once for each Idempotency-Key of a tenant: the same request again gets the first one's answer, a
 * different one under the same key is refused. Without the header the work is simply done.
 */
export async function withIdempotency(
  parts: ServerParts,
  { actor, request, response }: { actor: Actor; request: Request; response: Response },
  work: () => Promise<void>,
): Promise<void> {
  const key = request.get(HEADER);
  if (key === undefined) return work();
  if (key.length === 0 || key.length > 255) {
    throw new InputError('idempotency_key_invalid', 'An Idempotency-Key has 1 to 255 characters.', {
      action: 'Use a UUID.',
    });
  }
  const { pool } = parts.store;
  const { tenantId } = actor;
  const requestHash = createHash('sha256')
    .update(JSON.stringify([request.method, request.originalUrl, actor.id, request.body ?? null]))
    .digest();
  const kept = await takeKey(pool, { tenantId, key, requestHash });
  if (kept) {
    if (!kept.requestHash.equals(requestHash)) throw used('was used for another request');
    if (kept.status === null) throw used('belongs to a request that is still under way');
    response.status(kept.status).setHeader('idempotent-replayed', 'true').json(kept.body);
    return;
  }
  let body: unknown = null;
  const json = response.json.bind(response);
  response.json = (given) => {
    body = given;
    return json(given);
  };
  try {
    await work();
  } catch (error) {
    await dropKey(pool, { tenantId, key });
    throw error;
  }
  await keepAnswer(pool, { tenantId, key, status: response.statusCode, body });
}

const used = (how: string) =>
  new ConflictError('idempotency_key_used', `This Idempotency-Key ${how}. Nothing was started.`, {
    action: 'Use a new key for new work.',
  });
