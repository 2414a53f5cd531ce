import { AppError, RateLimitError, RemoteError } from '../errors.ts';
import type { OpenConnection } from '../pipeline/stage.ts';
import { getConnection } from '../store/connections.ts';
import type { Tenant } from '../store/tenant.ts';
import type { ServerParts } from './parts.ts';

/** Nobody waits longer before a screen: a run tries again by itself, a person is told. */
const LONGEST_WAIT_MS = 15_000;

/**
 * Asks a CRM something while somebody waits for the answer.
 * @throws RemoteError `crm_silent` where it does not answer, or not in time
 */
export async function askCrm<T>(
  parts: Pick<ServerParts, 'store' | 'openConnections'>,
  given: { tenant: Tenant; connectionId: string; asOf: Date; signal: AbortSignal; longestWaitMs?: number },
  work: (connection: OpenConnection) => Promise<T>,
): Promise<T> {
  const { tenant, connectionId, asOf, signal, longestWaitMs = LONGEST_WAIT_MS } = given;
  const { name } = await getConnection(parts.store.pool, tenant, connectionId);
  const late = AbortSignal.timeout(longestWaitMs);
  const connections = parts.openConnections({ tenant, asOf, signal: AbortSignal.any([signal, late]) });
  try {
    return await work(await connections.open(connectionId));
  } catch (error) {
    const isSilent = error instanceof AppError && error.retryable && !(error instanceof RateLimitError);
    if (signal.aborted || !(late.aborted || isSilent)) throw error;
    throw new RemoteError('crm_silent', `${name} does not answer at the moment. Nothing was changed.`, {
      status: 0,
      action: 'Try again in a few minutes; if it stays, look at the status page of the CRM.',
      retryable: true,
      cause: error,
    });
  } finally {
    await connections.close();
  }
}
