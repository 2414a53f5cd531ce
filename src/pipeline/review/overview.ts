import { nextAfter } from '../../review/rhythm.ts';
import type { Queryable } from '../../store/pool.ts';
import { lastReviews } from '../../store/reviews.ts';
import type { Tenant } from '../../store/tenant.ts';
import { readReviewScene } from './scene.ts';

/** A segment set and when somebody has to look at it. */
export type ReviewState = {
  segmentation: string;
  name: string;
  subject: 'person' | 'company';
  /** As `every 3 months`; null where none was said. */
  rhythm: string | null;
  /** Null without a rhythm. */
  due: Date | null;
  isDue: boolean;
  preparedAt: Date | null;
  /** The last look that somebody took. */
  done: { at: Date; by: string } | null;
};

/** All published segment sets, those that are due first. */
export async function readReviewStates(db: Queryable, tenant: Tenant, now: Date): Promise<ReviewState[]> {
  const { published } = await readReviewScene(db, tenant, now);
  const last = await lastReviews(db, tenant);
  const states = published.map(({ key, definition, publishedAt }): ReviewState => {
    const { preparedAt = null, doneAt = null, doneBy = null } = last.get(key) ?? {};
    const rhythm = definition.review ?? null;
    // One that was never looked at is due as long after it was published.
    const since = preparedAt ?? publishedAt ?? now;
    const due = rhythm === null ? null : nextAfter(rhythm, since, tenant.zone);
    return {
      segmentation: key,
      name: definition.name,
      subject: definition.subject,
      rhythm,
      due,
      isDue: due !== null && due <= now,
      preparedAt,
      done: doneAt === null ? null : { at: doneAt, by: doneBy ?? '' },
    };
  });
  return states.sort((a, b) => Number(b.isDue) - Number(a.isDue) || a.name.localeCompare(b.name));
}
