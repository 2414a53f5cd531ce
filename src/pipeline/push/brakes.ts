import type { ObjectType } from '../../model/record.ts';
import { showShare } from '../../model/share-words.ts';
import type { StageContext } from '../stage.ts';
import type { ShownTarget } from './desired.ts';
import type { TargetCounts } from './difference.ts';
import { holdTarget } from './hold-target.ts';

/**
 * Holds the targets of which a push would change more than the tenant's policy lets pass unseen. Not while the
 * first push since their release is under way: somebody has just looked at exactly that. Records that get their
 * first value do not count, so that an import of new customers goes through.
 */
export async function brakeChanges(
  work: StageContext,
  object: ObjectType,
  targets: readonly ShownTarget[],
  counts: ReadonlyMap<string, TargetCounts>,
): Promise<string[]> {
  const held: string[] = [];
  for (const target of targets) {
    const count = counts.get(target.id);
    if (!target.filled || count === undefined || !isTooMuch(work, count)) continue;
    const share = showShare(count.changes / count.shown);
    await holdTarget(work, target.id, {
      code: 'many_changes',
      message: `${count.changes} of ${count.shown} ${object} labels of ${target.segmentation} (${share}) would change at once. Nothing of this target was written; the CRM shows the labels of before.`,
      action:
        'Look at who would enter and leave. Release the target if that is right, else mend the segmentation or the data.',
    });
    held.push(target.id);
  }
  return held;
}

function isTooMuch(work: StageContext, { changes, shown }: TargetCounts): boolean {
  const { labelShare, labelLeast } = work.tenant.policy.brakes;
  return changes >= labelLeast && changes > labelShare * shown;
}
