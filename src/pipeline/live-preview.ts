/** Sizes while somebody builds: quick enough to follow each change, on a sample where there are many subjects. */
import type { LintCheck } from '../review/linter.ts';
import type { Restriction } from '../segmentation/compile-base.ts';
import type { Segmentation } from '../segmentation/definition.ts';
import type { SegmentPreview } from '../segmentation/preview.ts';
import { references } from '../segmentation/references.ts';
import { listDrafts } from '../store/drafts.ts';
import type { Queryable } from '../store/pool.ts';
import { listPublished } from '../store/segmentations.ts';
import type { Tenant } from '../store/tenant.ts';
import { keptModels } from './kept-models.ts';
import { type Previewed, previewSegmentations } from './preview.ts';
import { lintDraft } from './review/draft-findings.ts';

export type LivePreview = {
  /** Subjects in the store. */
  total: number;
  /** How many of them were looked at; fewer than all where sizes are estimates. */
  counted: number;
  /** Subjects that may be profiled, and those of them without a label; estimates from a sample. */
  subjects: number;
  unlabelled: number;
  segments: (SegmentPreview & { samples: string[] })[];
  findings: LintCheck[];
};

/** As many as are counted well within a second on the embedded store. */
export const MOST_COUNTED = 20_000;

/**
 * @throws AppError `not_ready` where it can't be worked out yet
 * @throws InputError `lawful_basis_missing`
 */
export async function livePreview(
  db: Queryable,
  tenant: Tenant,
  definition: Segmentation,
  options: { asOf: Date; samples: number; atMost?: number },
): Promise<LivePreview> {
  const { total, among, counted } = await chooseSample(
    db,
    tenant,
    definition,
    options.atMost ?? MOST_COUNTED,
  );
  const definitions = [...(await unpublishedBelow(db, tenant, definition)), definition];
  const learn = keptModels(tenant);
  const previewed = await previewSegmentations(db, tenant, definitions, { ...options, among, learn });
  const own = previewed.at(-1);
  if (own === undefined) throw new Error(`no preview of ${definition.key}`);
  const whole = extrapolate(own, counted === 0 ? 1 : total / counted);
  return { total, counted, ...whole, findings: await lintDraft(db, tenant, definition, whole, options.asOf) };
}

/** The same subjects as long as there are as many, so that a figure moves only when the definition does. */
async function chooseSample(
  db: Queryable,
  { schema }: Tenant,
  { subject }: Segmentation,
  atMost: number,
): Promise<{ total: number; counted: number; among: Restriction }> {
  const { rows } = await db.query<{ total: number }>(
    `select count(*)::int as total from ${schema}.${subject}`,
  );
  const total = rows[0]?.total ?? 0;
  if (total <= atMost) return { total, counted: total, among: 'all' };
  // Ids in the order of a multiplicative hash (Knuth): spread over old and new subjects alike.
  const { rows: chosen } = await db.query<{ ids: string[] }>(
    `select array_agg(id::text) as ids from ${schema}.${subject}
     where mod(id * 2654435761, 4294967296) < $1`,
    [Math.floor((atMost / total) * 4_294_967_296)],
  );
  const ids = chosen[0]?.ids ?? [];
  return { total, counted: ids.length, among: { ids } };
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
  { subjects, unlabelled, segments, samples }: Previewed,
  factor: number,
): Pick<LivePreview, 'subjects' | 'unlabelled' | 'segments'> {
  const up = (count: number): number => Math.round(count * factor);
  return {
    subjects: up(subjects),
    unlabelled: up(unlabelled),
    segments: segments.map((segment) => ({
      ...segment,
      size: up(segment.size),
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
