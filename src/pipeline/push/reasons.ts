import { type Explanation, planExplain, type SegmentExplanation } from '../../segmentation/explain.ts';
import { recordTables } from '../../store/records.ts';
import type { TargetRow } from '../../store/targets.ts';
import { readPlans } from '../publish/plans.ts';
import type { StageContext } from '../stage.ts';
import type { Scene, Shown } from './desired.ts';
import type { Difference } from './difference.ts';
import type { Pass } from './push-pass.ts';

/** A target that says why, and the one of the label with which it is written, cleared and undone; never alone. */
export type Rider = { why: TargetRow; label: TargetRow };

export function ridersOf(targets: readonly TargetRow[]): Rider[] {
  return targets.flatMap((why) => {
    if (why.kind !== 'why') return [];
    const label = targets.find(
      ({ kind, object, segmentation }) =>
        kind === 'property' && object === why.object && segmentation === why.segmentation,
    );
    return label === undefined ? [] : [{ why, label }];
  });
}

/** Those that can be written now with the labels of a pass. */
export function ridersIn(scene: Scene, pass: Pass): Rider[] {
  const written = new Set(pass.targets.map(({ id }) => id));
  return ridersOf(scene.targets).filter(
    ({ why, label }) =>
      written.has(label.id) && why.state === 'live' && why.reason === null && why.remote !== null,
  );
}

/** The reason in a sentence, by the label's target, by record. */
export type Reasons = Map<string, Record<string, string>>;

/** Subjects explained by one statement, so that none holds an embedded database for long. */
const SUBJECTS_AT_ONCE = 500;

/**
 * Why each record gets the labels that it is about to be given, as far as reps may see it, by the run's definitions
 * and models. Nothing for a label that can't be explained now, as what it depends on can't be read.
 */
export async function readReasons(
  work: StageContext,
  scene: Scene,
  pass: Pass,
  rows: readonly Difference[],
): Promise<Reasons> {
  const reasons: Reasons = new Map();
  const riders = ridersIn(scene, pass);
  const labelled = rows.filter(({ want }) => riders.some(({ label }) => want[label.id] !== undefined));
  if (labelled.length === 0) return reasons;
  const subject = pass.object === 'company' ? 'company' : 'person';
  const { plans, request } = await readPlans(work.pool, work.tenant, work.run);
  const segmentations = plans.filter(({ definition }) =>
    riders.some(({ label }) => label.segmentation === definition.key && definition.subject === subject),
  );
  if (segmentations.length === 0) return reasons;
  const { currency } = work.tenant;
  for (let i = 0; i < labelled.length; i += SUBJECTS_AT_ONCE) {
    const some = labelled.slice(i, i + SUBJECTS_AT_ONCE);
    const subjects = await subjectsOf(work, pass, some);
    const ids = [...new Set(subjects.values())];
    const plan = planExplain({ ...request, subject, segmentations, ids, currency });
    const { rows: explained } = await work.pool.query(plan.sql, plan.values);
    const byId = new Map(explained.map((row) => [String(row.id), plan.interpret(row, [], 'rep')]));
    for (const { key, want } of some) {
      const explanations = byId.get(subjects.get(key) ?? '') ?? [];
      const own = riders.flatMap(({ label }): [string, string][] => {
        const explanation = explanations.find(({ segmentation }) => segmentation === label.segmentation);
        const reason = explanation && reasonOf(explanation, want[label.id]);
        return reason ? [[label.id, reason]] : [];
      });
      reasons.set(key, Object.fromEntries(own));
    }
  }
  return reasons;
}

/** The person or company of each record. */
async function subjectsOf(
  work: StageContext,
  { object, targets }: Pass,
  rows: readonly Difference[],
): Promise<Map<string, string>> {
  const { table, subject } = recordTables[object];
  const { rows: found } = await work.pool.query<{ key: string; id: string }>(
    `select id as key, ${subject} as id from ${work.tenant.schema}.${table}
     where connection_id = $1 and id = any($2) and ${subject} is not null`,
    [targets[0]?.connectionId, rows.map(({ key }) => key)],
  );
  return new Map(found.map(({ key, id }) => [key, id]));
}

/** One sentence: of several labels, each with its name. */
function reasonOf({ segments }: Explanation, shown: Shown | undefined): string | null {
  const held = Array.isArray(shown) ? shown : [shown];
  const parts = segments.flatMap((segment) => {
    if (!held.includes(segment.segment)) return [];
    return [Array.isArray(shown) ? `${segment.name}: ${because(segment)}` : because(segment)];
  });
  return parts.length === 0 ? null : `${parts.join('; ')}.`;
}

function because({ isLabel, sentences }: SegmentExplanation): string {
  if (!isLabel) return 'Stays for a while, although its conditions no longer hold';
  return sentences.map((sentence) => sentence.replace(/\.$/, '')).join(', ');
}
