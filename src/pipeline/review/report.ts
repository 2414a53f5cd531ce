import { nextAfter } from '../../review/rhythm.ts';
import { type Suggestion, suggest } from '../../review/suggestions.ts';
import type { Pool, Queryable } from '../../store/pool.ts';
import { addReview, lastReviews } from '../../store/reviews.ts';
import type { Tenant } from '../../store/tenant.ts';
import { readCutPoints } from './cut-points.ts';
import { type Decision, readDecisions } from './decisions.ts';
import { readDistributions } from './distributions.ts';
import { readFacts } from './facts.ts';
import { type History, readHistory } from './history.ts';
import { type Metrics, readMetrics } from './metrics.ts';
import { type OverlapReport, readOverlap } from './overlap.ts';
import { type Quality, readQuality } from './quality.ts';
import { readRegularBuying } from './regular-buying.ts';
import { type Review, reviewOf } from './review.ts';
import { findReviewed, readReviewScene } from './scene.ts';

/** Who prepares reports holds it: two would prepare the same one. */
export const REVIEW_LEASE = 'review';

/** All that somebody looks at on a review date. */
export type Report = {
  segmentation: string;
  version: number;
  at: Date;
  review: Review;
  overlap: OverlapReport;
  history: History;
  metrics: Metrics;
  losses: Quality['losses'];
  fixes: Quality['fixes'];
  /** Those that nobody has decided on yet, for this version. */
  suggestions: Suggestion[];
  decisions: Decision[];
};

/** Works a report out; nothing is stored. */
export async function readReport(db: Queryable, tenant: Tenant, key: string, at: Date): Promise<Report> {
  const scene = await readReviewScene(db, tenant, at);
  const row = findReviewed(scene, key);
  const facts = await readFacts(db, scene, row);
  const overlap = await readOverlap(db, tenant, key, at);
  const history = await readHistory(db, tenant, key, { to: at });
  const metrics = await readMetrics(db, tenant, key, { to: at });
  const { losses, fixes } = await readQuality(db, tenant, at, key);
  const largest = new Map<string, number>();
  for (const { segment, size } of history.sizes)
    largest.set(segment, Math.max(size, largest.get(segment) ?? 0));
  const found = suggest({
    facts,
    pairs: overlap.pairs.filter(({ a, b }) => [a, b].every((name) => name.startsWith(`${key}.`))),
    // A record of a few days says little about a segment.
    largest: covers(history, 60) ? largest : new Map(),
    drifts: history.attributeDrift,
    jitter: history.jitter,
    cutPoints: await readCutPoints(db, scene, row.definition),
    rhythm: await readRegularBuying(db, scene, row.definition),
  });
  const decisions = await readDecisions(db, tenant, key);
  const decided = new Set(
    decisions.filter(({ version }) => version === row.version).map(({ suggestion }) => suggestion.id),
  );
  return {
    segmentation: key,
    version: row.version,
    at,
    review: reviewOf(facts, tenant.zone),
    overlap,
    history,
    metrics,
    losses,
    fixes,
    suggestions: found.filter(({ id }) => !decided.has(id)),
    decisions,
  };
}

function covers({ sizes }: History, days: number): boolean {
  const [first, last] = [sizes[0]?.day, sizes.at(-1)?.day];
  return (
    first !== undefined && last !== undefined && Date.parse(last) - Date.parse(first) >= days * 86_400_000
  );
}

/** Works a report out and keeps it, with what the next one's drift is measured against. */
export async function prepareReport(pool: Pool, tenant: Tenant, key: string, at: Date): Promise<Report> {
  const report = await readReport(pool, tenant, key, at);
  const scene = await readReviewScene(pool, tenant, at);
  const distributions = await readDistributions(pool, scene, findReviewed(scene, key));
  await addReview(pool, tenant, { segmentation: key, version: report.version, at, report, distributions });
  return report;
}

export type Due = { segmentation: string; name: string; due: Date; isDue: boolean };

/** When each segmentation with a rhythm is to be looked at next; at once where it never was. */
export async function listDueReviews(db: Queryable, tenant: Tenant, now: Date): Promise<Due[]> {
  const { published } = await readReviewScene(db, tenant, now);
  const last = await lastReviews(db, tenant);
  const dues: Due[] = [];
  for (const { key, definition } of published) {
    if (definition.review === undefined) continue;
    const prepared = last.get(key)?.preparedAt;
    const due = prepared === undefined ? now : nextAfter(definition.review, prepared, tenant.zone);
    dues.push({ segmentation: key, name: definition.name, due, isDue: due <= now });
  }
  return dues;
}

/** Prepares the reports that are due; the first of a segmentation is what later ones compare with. */
export async function prepareDueReports(pool: Pool, tenant: Tenant, now: Date): Promise<string[]> {
  const due = (await listDueReviews(pool, tenant, now)).filter(({ isDue }) => isDue);
  for (const { segmentation } of due) await prepareReport(pool, tenant, segmentation, now);
  return due.map(({ segmentation }) => segmentation);
}
