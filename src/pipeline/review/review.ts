import { judgeSegments, type SegmentCriteria } from '../../review/criteria.ts';
import type { SegmentationFacts } from '../../review/facts.ts';
import { type LintCheck, lint } from '../../review/linter.ts';
import type { Queryable } from '../../store/pool.ts';
import type { Tenant } from '../../store/tenant.ts';
import { readFacts } from './facts.ts';
import { findReviewed, readReviewScene } from './scene.ts';

export type Review = {
  segmentation: string;
  name: string;
  version: number;
  asOf: Date;
  subjects: number;
  checks: LintCheck[];
  segments: SegmentCriteria[];
};

/** Is it a good segmentation? The known mistakes and the five criteria, as the data is now. */
export async function reviewSegmentation(
  db: Queryable,
  tenant: Tenant,
  key: string,
  asOf: Date,
): Promise<Review> {
  const scene = await readReviewScene(db, tenant, asOf);
  return reviewOf(await readFacts(db, scene, findReviewed(scene, key)), tenant.zone);
}

/** As reviewSegmentation, of all that are published. */
export async function reviewAll(db: Queryable, tenant: Tenant, asOf: Date): Promise<Review[]> {
  const scene = await readReviewScene(db, tenant, asOf);
  const reviews: Review[] = [];
  for (const row of scene.published) reviews.push(reviewOf(await readFacts(db, scene, row), tenant.zone));
  return reviews;
}

export function reviewOf(facts: SegmentationFacts, zone: string): Review {
  const { definition, version, asOf, subjects } = facts;
  return {
    segmentation: definition.key,
    name: definition.name,
    version,
    asOf,
    subjects,
    checks: lint(facts, zone),
    segments: judgeSegments(facts),
  };
}
