import type { Logger } from 'pino';
import { ConflictError, InputError } from '../../errors.ts';
import type { Suggestion } from '../../review/suggestions.ts';
import { addAudit } from '../../store/audit.ts';
import { type Pool, transaction } from '../../store/pool.ts';
import { closeReviews } from '../../store/reviews.ts';
import type { Tenant } from '../../store/tenant.ts';
import { withLeases } from '../with-leases.ts';
import { ACTIONS, type Decision } from './decisions.ts';
import { prepareReport, REVIEW_LEASE, readReport } from './report.ts';

/**
 * Accepts or dismisses a suggestion; it is not shown again for this version. Accepting changes nothing by itself: the
 * definition is published as any other change.
 * @throws InputError where it is not open
 */
export async function decideSuggestion(
  pool: Pool,
  tenant: Tenant,
  given: {
    segmentation: string;
    id: string;
    decision: Decision['decision'];
    by: string;
    note?: string | undefined;
    asOf: Date;
  },
): Promise<Suggestion> {
  const { suggestions, version } = await readReport(pool, tenant, given.segmentation, given.asOf);
  const suggestion = suggestions.find(({ id }) => id === given.id);
  if (suggestion === undefined) {
    const open = suggestions.map(({ id }) => id).join(', ');
    throw new InputError(
      'suggestion_unknown',
      `There is no open suggestion ${given.id}. Nothing was recorded.`,
      {
        action: open === '' ? 'Nothing is open: there is nothing to decide.' : `Name one of: ${open}.`,
      },
    );
  }
  await addAudit(pool, tenant, {
    actor: given.by,
    action: ACTIONS[given.decision],
    subject: given.segmentation,
    after: { version, note: given.note ?? null, suggestion },
  });
  return suggestion;
}

/**
 * Says that somebody looked at a segmentation as it is now: that is kept as a report, which counts as looked at.
 * @returns how many reports are done by this
 * @throws ConflictError while others are being prepared, or one prepared meanwhile would wait for a look
 */
export async function reviewNow(
  on: { pool: Pool; tenant: Tenant; log: Logger },
  given: { segmentation: string; by: string; at: Date },
): Promise<number> {
  const done = await withLeases(on, [REVIEW_LEASE], async () => {
    await prepareReport(on.pool, on.tenant, given.segmentation, given.at);
    return await finishReview(on.pool, on.tenant, given);
  });
  if (done !== null) return done;
  throw new ConflictError('review_busy', 'Reports are being prepared just now. Nothing was changed.', {
    action: 'Try again in a minute, and look at what was prepared.',
    retryable: true,
  });
}

/** Says that somebody looked at the reports prepared so far; the review counts as done on that day. */
export async function finishReview(
  pool: Pool,
  tenant: Tenant,
  given: { segmentation: string; by: string; at: Date },
): Promise<number> {
  return transaction(pool, async (client) => {
    const closed = await closeReviews(client, tenant, given.segmentation, given);
    if (closed === 0) {
      throw new InputError('review_missing', `No report on ${given.segmentation} waits for a look.`, {
        action: 'Prepare one first.',
      });
    }
    await addAudit(client, tenant, {
      actor: given.by,
      action: 'review.done',
      subject: given.segmentation,
      after: { reports: closed },
    });
    return closed;
  });
}
