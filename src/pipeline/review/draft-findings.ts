import { type LintCheck, lint } from '../../review/linter.ts';
import { nameOfAttribute } from '../../segmentation/attribute-names.ts';
import type { Restriction } from '../../segmentation/compile-base.ts';
import type { Segmentation } from '../../segmentation/definition.ts';
import type { SegmentPreview } from '../../segmentation/preview.ts';
import { listMappings } from '../../store/mappings.ts';
import type { Queryable } from '../../store/pool.ts';
import type { Tenant } from '../../store/tenant.ts';
import { carefulUses } from './careful-uses.ts';
import { readTotals } from './facts.ts';
import { needsOf } from './needs.ts';
import { readReviewScene } from './scene.ts';

/**
 * The known mistakes that a definition makes before it was ever published: sizes come from its preview, and what only
 * time shows (tests, reviews, stale labels) is left out. What is counted of a sample stands for `factor` times as many.
 */
export async function lintDraft(
  db: Queryable,
  tenant: Tenant,
  definition: Segmentation,
  preview: { unlabelled: number; segments: readonly Pick<SegmentPreview, 'size'>[] },
  { asOf, among, factor }: { asOf: Date; among: Restriction; factor: number },
): Promise<LintCheck[]> {
  const scene = await readReviewScene(db, tenant, asOf);
  const needs = definition.segments.map((_, index) => needsOf(scene, definition, index));
  const { known, subjects } = await readTotals(db, scene, definition, needs, among);
  const mappings = await listMappings(db, tenant, { object: 'contact' });
  const facts = {
    definition,
    version: 0,
    asOf,
    publishedAt: null,
    subjects: Math.round(subjects * factor),
    revenue: 0,
    unlabelled: { size: preview.unlabelled, revenue: 0 },
    segments: definition.segments.map((segment, index) => ({
      segment: segment.key,
      name: segment.name,
      size: preview.segments[index]?.size ?? 0,
      revenue: 0,
      needs:
        needs[index]?.needs.map(({ attribute }) =>
          nameOfAttribute(attribute, definition.subject, [attribute]),
        ) ?? [],
      missing: needs[index]?.missing ?? [],
      passedOver: needs[index]?.passedOver ?? [],
      known: Math.round((known[index] ?? 0) * factor),
      reachable: null,
      difference: null,
    })),
    sensitive: carefulUses(scene, definition, 'sensitive'),
    proxies: carefulUses(scene, definition, 'proxy'),
    optOutKnown: mappings.some(({ attribute }) => attribute === 'email_opted_out'),
    experiments: 0,
    reviewedAt: null,
    learnedAt: null,
    labelledAt: null,
  };
  return lint(facts, tenant.zone).filter(({ made, mistake }) => made && mistake !== 'no_test');
}
