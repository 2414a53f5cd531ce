import { z } from 'zod';
import type { SubjectType } from '../model/attribute.ts';
import { armOf, type Experiment } from '../review/experiment.ts';
import type { Segmentation } from '../segmentation/definition.ts';
import type { Explanation, LabelChange, SegmentExplanation } from '../segmentation/explain.ts';
import { labelColumn } from '../store/columns.ts';
import type { Pool } from '../store/pool.ts';
import { recordTables } from '../store/records.ts';
import type { Tenant } from '../store/tenant.ts';
import { type CardPlan, cardPlans, forgetCardPlans } from './card-plans.ts';
import { type CardScore, cardScores } from './card-scores.ts';

export type CardLabel = {
  key: string;
  name: string;
  since: Date | null;
  /** Sentences with only what reps may see. */
  why: string[];
  play: { channel?: string; message?: string; offer?: string; owner?: string } | null;
};

/** What somebody who opens a record should know of the customer. */
export type Card = {
  /**
   * labelled: in one segment at least. unlabelled: in none. unknown: not read yet. not_profiled: an objection keeps
   * it out of all of them.
   */
  state: 'labelled' | 'unlabelled' | 'unknown' | 'not_profiled';
  name: string | null;
  segmentations: { key: string; name: string; labels: CardLabel[] }[];
  scores: CardScore[];
  /** The instant that the labels are true of. */
  asOf: Date | null;
  lastRun: { endedAt: Date | null; state: string } | null;
};

export type CardRecord = { connectionId: string; object: 'contact' | 'company'; recordId: string };

const Row = z.record(z.string(), z.unknown()).nullable();
const Changes = z
  .array(
    z.object({
      segmentation: z.string(),
      at: z.coerce.date(),
      entered: z.array(z.string()),
      gone: z.array(z.string()),
    }),
  )
  .nullable();
const Found = z.object({
  subject: Row,
  company: Row,
  changes: Changes,
  company_changes: Changes,
  version: z.string(),
  run_state: z.string().nullable(),
  run_ended: z.date().nullable(),
  as_of: z.date().nullable(),
});
type Found = z.infer<typeof Found>;

/**
 * The labels of one CRM record with their reasons, in two statements: everything stored of the customer, then all
 * conditions with what they see. What was labelled is shown, not what would be labelled now.
 */
export async function readCard(db: Pool, tenant: Tenant, record: CardRecord): Promise<Card> {
  try {
    return await readOnce(db, tenant, record);
  } catch (error) {
    if (!isColumnGone(error)) throw error;
    // An attribute or a segment set left between the plans and the asking.
    forgetCardPlans(db, tenant);
    return readOnce(db, tenant, record);
  }
}

const isColumnGone = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === '42703';

async function readOnce(db: Pool, tenant: Tenant, record: CardRecord): Promise<Card> {
  const found = await find(db, tenant, record);
  const run = { asOf: found.as_of, lastRun: found.run_state === null ? null : lastRunOf(found) };
  const nothing = { name: null, segmentations: [], scores: [], ...run };
  if (found.subject === null) return { state: 'unknown', ...nothing };
  if (record.object === 'contact' && refusesProfiling(found.subject))
    return { state: 'not_profiled', ...nothing };
  const { plans, experiments } = await cardPlans(db, tenant, found.version);
  const subject: SubjectType = record.object === 'company' ? 'company' : 'person';
  const parts = await Promise.all([
    explained(db, plans[subject], found.subject, found.changes ?? [], experiments),
    // A contact shows the labels of its company, too.
    explained(
      db,
      plans.company,
      subject === 'company' ? null : found.company,
      found.company_changes ?? [],
      experiments,
    ),
  ]);
  const segmentations = parts.flatMap((part) => part.segmentations);
  return {
    state: segmentations.some(({ labels }) => labels.length > 0) ? 'labelled' : 'unlabelled',
    name: nameOf(found.subject),
    segmentations,
    scores: parts.flatMap((part) => part.scores),
    ...run,
  };
}

async function find(db: Pool, { schema }: Tenant, record: CardRecord): Promise<Found> {
  const { table, subject: link } = recordTables[record.object];
  const subject = record.object === 'company' ? 'company' : 'person';
  const changes = (of: string, id: string) => `(
    select jsonb_agg(jsonb_build_object('segmentation', l.segmentation, 'at', l.at, 'entered', l.entered, 'gone', l.gone)
      order by l.at)
    from ${schema}.label_change l where l.subject = '${of}' and l.subject_id = ${id})`;
  const { rows } = await db.prepared(
    `select to_jsonb(s) as subject, to_jsonb(c) as company,
       ${changes(subject, 's.id')} as changes, ${changes('company', 'c.id')} as company_changes,
       (select coalesce(string_agg(key || ' ' || version, ',' order by key), '')
        from ${schema}.segmentation where state = 'published')
       || '/' || (select count(*) || ' ' || coalesce(max(learned_at)::text, '') from ${schema}.model)
       || '/' || (select coalesce(string_agg(key, ',' order by key), '') from ${schema}.experiment where state = 'running')
       as version,
       ended.state as run_state, ended.ended_at as run_ended, done.as_of
     from (select 1) one
     left join ${schema}.${table} r
       on r.connection_id = $1 and r.id = $2 and r.state = 'live'
     left join ${schema}.${subject} s on s.id = r.${link}
     left join ${schema}.company c on c.id = ${subject === 'person' ? 's.company_id' : 'null'}
     left join lateral (select state, ended_at from ${schema}.run where ended_at is not null
       order by id desc limit 1) ended on true
     left join lateral (select as_of from ${schema}.run where state = 'done' order by id desc limit 1) done on true`,
    [record.connectionId, record.recordId],
  );
  return Found.parse(rows[0]);
}

const lastRunOf = (found: Found) => ({ endedAt: found.run_ended, state: found.run_state ?? '' });

const refusesProfiling = (row: Record<string, unknown>): boolean =>
  row.no_profiling === true || row.no_processing === true;

function nameOf(row: Record<string, unknown>): string | null {
  const words = [row.first_name, row.last_name].filter((word) => typeof word === 'string' && word !== '');
  if (words.length > 0) return words.join(' ');
  return typeof row.name === 'string' ? row.name : typeof row.email === 'string' ? row.email : null;
}

type Part = Pick<Card, 'segmentations' | 'scores'>;

async function explained(
  db: Pool,
  plan: CardPlan | undefined,
  row: Record<string, unknown> | null,
  changes: readonly LabelChange[],
  experiments: readonly Experiment[],
): Promise<Part> {
  if (plan === undefined || row === null) return { segmentations: [], scores: [] };
  const id = String(row.id);
  const explanations = await plan.explain(db, id, changes);
  const byKey = new Map(explanations.map((one) => [one.segmentation, one]));
  const parts = plan.definitions.map((definition) => ({
    definition,
    explanation: byKey.get(definition.key),
  }));
  return {
    segmentations: parts.flatMap(({ definition, explanation }) => {
      const held = heldLabels(row[labelColumn(definition.key)]).filter(
        (label) => !isHeldOut(experiments, definition.key, label, id),
      );
      const labels = held.flatMap((label) => labelOf(definition, explanation, label));
      return labels.length === 0 ? [] : [{ key: definition.key, name: definition.name, labels }];
    }),
    scores: parts.flatMap(({ definition, explanation }) =>
      explanation === undefined ? [] : cardScores(definition, explanation.scores),
    ),
  };
}

function heldLabels(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((label) => typeof label === 'string') : [];
}

/** Whoever an experiment keeps the label from shows it nowhere, or the rep would treat them all the same. */
function isHeldOut(
  experiments: readonly Experiment[],
  segmentation: string,
  segment: string,
  id: string,
): boolean {
  return experiments.some(
    (one) =>
      one.on === 'write_back' &&
      one.segmentation === segmentation &&
      one.segment === segment &&
      armOf(one, id) === 'holdout',
  );
}

function labelOf(definition: Segmentation, explanation: Explanation | undefined, key: string): CardLabel[] {
  const segment = definition.segments.find((one) => one.key === key);
  // Of an earlier version; the next run takes it away.
  if (segment === undefined) return [];
  const reason = explanation?.segments.find((one) => one.segment === key);
  const { channel, message, offer, owner } = segment.play ?? {};
  const play = {
    ...(channel !== undefined && { channel }),
    ...(message !== undefined && { message }),
    ...(offer !== undefined && { offer }),
    ...(owner !== undefined && { owner }),
  };
  return [
    {
      key,
      name: segment.name,
      since: reason?.since ?? null,
      why: whyOf(reason),
      play: Object.keys(play).length === 0 ? null : play,
    },
  ];
}

const NO_LONGER = 'It no longer holds; the label goes with the next run, or when its time is up.';

function whyOf(reason: SegmentExplanation | undefined): string[] {
  if (reason === undefined) return [];
  return reason.holds ? reason.sentences : [...reason.sentences, NO_LONGER];
}
