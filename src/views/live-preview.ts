/** Sizes while somebody builds: quick enough to follow each change, on a sample where there are many subjects. */

import { keptModels, learnAlike } from '../pipeline/learn/kept-models.ts';
import { isLight, type learnModel } from '../pipeline/learn/learn.ts';
import { lintDraft } from '../pipeline/review/draft-findings.ts';
import type { LintCheck } from '../review/linter.ts';
import { nameOfColumn } from '../segmentation/attribute-names.ts';
import { learns } from '../segmentation/compile.ts';
import type { Segmentation } from '../segmentation/definition.ts';
import type { SegmentPreview } from '../segmentation/preview.ts';
import { references } from '../segmentation/references.ts';
import { listDrafts } from '../store/drafts.ts';
import type { Queryable } from '../store/pool.ts';
import { listPublished } from '../store/segmentations.ts';
import type { Tenant } from '../store/tenant.ts';
import { type Previewed, previewSegmentations } from './preview.ts';
import { chooseSample } from './preview-sample.ts';

export type LivePreview = {
  /** Subjects in the store; about so many where they are sampled. */
  total: number;
  /** How many of them were looked at; fewer than all where sizes are estimates. */
  counted: number;
  /** Subjects that may be profiled, and those of them without a label; estimates from a sample. */
  subjects: number;
  unlabelled: number;
  segments: (Omit<SegmentPreview, 'members'> & { samples: string[] })[];
  findings: LintCheck[];
};

/**
 * One statement over a sample, percentiles within it: it takes no longer where the store is larger. What methods fit is
 * the model in force, or fitted to everybody once and then kept.
 * @throws AppError `not_ready` where it can't be worked out yet
 * @throws InputError `lawful_basis_missing`
 */
export async function livePreview(
  db: Queryable,
  tenant: Tenant,
  definition: Segmentation,
  options: { asOf: Date; samples: number; atMost?: number },
): Promise<LivePreview> {
  const { total, counted, among } = await chooseSample(db, tenant, definition.subject, options.atMost);
  const definitions = [...(await unpublishedBelow(db, tenant, definition)), definition];
  const learn = await learnsFrom(db, tenant, definitions, options.atMost);
  const previewed = await previewSegmentations(db, tenant, definitions, { ...options, among, learn });
  const own = previewed.at(-1);
  if (own === undefined) throw new Error(`no preview of ${definition.key}`);
  const factor = counted === 0 ? 1 : total / counted;
  const whole = extrapolate(own, factor);
  const { asOf } = options;
  const findings = await lintDraft(db, tenant, definition, whole, { asOf, among, factor });
  return { total, counted, ...whole, findings };
}

/** The model in force where it would learn the same; cut points from samples; else as keptModels. */
async function learnsFrom(
  db: Queryable,
  tenant: Tenant,
  definitions: readonly Segmentation[],
  atMost?: number,
): Promise<typeof learnModel> {
  const kept = keptModels(tenant);
  const isAnyLearned = definitions.some((definition) => learns(definition) && isLight(definition));
  if (!isAnyLearned) return learnInForce(kept);
  const person = await chooseSample(db, tenant, 'person', atMost);
  const company = await chooseSample(db, tenant, 'company', atMost);
  const among = { person: person.among, company: company.among };
  return learnInForce((inner, definition, request, before) =>
    kept(inner, definition, isLight(definition) ? { ...request, among } : request, before),
  );
}

function learnInForce(otherwise: typeof learnModel): typeof learnModel {
  return async (db, definition, request, before) => {
    const inForce = request.others?.find((other) => other.definition.key === definition.key);
    if (inForce?.model && learnAlike(inForce.definition, definition)) return inForce.model;
    return otherwise(db, definition, request, before);
  };
}

/** Drafts that it builds on and that were never published: they are worked out with it. */
async function unpublishedBelow(
  db: Queryable,
  tenant: Tenant,
  definition: Segmentation,
): Promise<Segmentation[]> {
  const published = new Set((await listPublished(db, tenant)).map(({ key }) => key));
  const drafts = new Map((await listDrafts(db, tenant)).map((draft) => [draft.key, draft.definition]));
  const found = new Set<Segmentation>();
  const visit = (one: Segmentation): void => {
    for (const reference of references(one)) {
      if (reference.kind === 'attribute') continue;
      const key = reference.name.split('.')[0] ?? '';
      const draft = drafts.get(key);
      if (draft === undefined || published.has(key) || key === definition.key || found.has(draft)) continue;
      visit(draft);
      found.add(draft);
    }
  };
  visit(definition);
  return [...found];
}

function extrapolate(
  { subject, subjects, unlabelled, segments, samples }: Previewed,
  factor: number,
): Pick<LivePreview, 'subjects' | 'unlabelled' | 'segments'> {
  const up = (count: number): number => Math.round(count * factor);
  return {
    subjects: up(subjects),
    unlabelled: up(unlabelled),
    segments: segments.map(({ members: _, ...segment }) => ({
      ...segment,
      size: up(segment.size),
      needs: segment.needs.map((one) => nameOfColumn(one, subject)),
      passedOver: segment.passedOver.map((one) => nameOfColumn(one, subject)),
      samples: samples[segment.segment] ?? [],
      rules: segment.rules.map((rule) => ({
        ...rule,
        kept: up(rule.kept),
        dropped: up(rule.dropped),
        unknown: up(rule.unknown),
      })),
    })),
  };
}
