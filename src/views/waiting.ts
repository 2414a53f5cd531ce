import { type HeldFall, listFalls } from '../pipeline/pull/falls.ts';
import { listConnections } from '../store/connections.ts';
import { countPins, type PinKey, pagePins } from '../store/pins.ts';
import type { Pool, Queryable } from '../store/pool.ts';
import { activeRun } from '../store/runs.ts';
import { listNewest } from '../store/segmentations.ts';
import { listTargets, type TargetReason, type TargetRow } from '../store/targets.ts';
import type { Tenant } from '../store/tenant.ts';
import { waitingCounts } from './waiting-counts.ts';
import { describeLines, targetName, type WriteLine } from './writes.ts';

/** Why a target is not written: nobody looked at it yet, a brake, somebody's hand, something missing in the CRM. */
export type Why = 'new' | 'brake' | 'by_hand' | 'needs_you' | 'undone' | 'live';

/** By the code of the reason. Whatever is not named here stopped a push: a brake. */
const WHY: Record<string, Why> = {
  new: 'new',
  definition_changed: 'new',
  retired: 'new',
  by_hand: 'by_hand',
  undone: 'undone',
  needs_you: 'needs_you',
};

function whyOf(target: Pick<TargetRow, 'state' | 'reason'>): Why {
  if (target.reason === null) return target.state === 'live' ? 'live' : 'new';
  // A live one goes on by itself once that is mended.
  if (target.state === 'live') return 'needs_you';
  return WHY[target.reason.code] ?? 'brake';
}

export type WaitingTarget = {
  id: string;
  connectionId: string;
  connection: string;
  system: string;
  segmentation: string;
  set: string;
  what: string;
  kind: TargetRow['kind'];
  object: TargetRow['object'];
  state: TargetRow['state'];
  why: Why;
  reason: Omit<TargetReason, 'bundle'> | null;
  bundle: Record<string, string> | null;
  shown: number;
  writes: number;
  changes: number;
  filledByCrm: boolean;
};

export type Waiting = {
  targets: WaitingTarget[];
  falls: (Omit<HeldFall, 'since'> & { connection: string; since: Date })[];
  pins: number;
  runId: string | null;
  /** Only the first records of each object are counted yet: figures are at least as high. */
  isCounting: boolean;
};

const FILLED_BY_CRM = new Set<TargetRow['kind']>(['dynamic_list', 'list_view']);

/** All targets, those that wait first to look at, and what else waits for a person. The date of the last change goes along with its object's labels and is left out. */
export async function readWaiting(pool: Pool, tenant: Tenant, asOf: Date): Promise<Waiting> {
  const connections = new Map((await listConnections(pool, tenant)).map((one) => [one.id, one]));
  const definitions = new Map(
    (await listNewest(pool, tenant)).map(({ key, definition }) => [key, definition]),
  );
  const counts = await waitingCounts(pool, tenant, asOf);
  const all = await listTargets(pool, tenant);
  return {
    targets: all
      .filter(({ kind }) => kind !== 'changed_at')
      .map((target): WaitingTarget => {
        const { bundle = null, ...reason } = target.reason ?? {
          code: '',
          message: '',
          action: '',
          since: '',
        };
        const { shown = 0, writes = 0, changes = 0 } = counts.targets.get(target.id) ?? {};
        const definition = definitions.get(target.segmentation);
        return {
          id: target.id,
          connectionId: target.connectionId,
          connection: connections.get(target.connectionId)?.name ?? target.connectionId,
          system: connections.get(target.connectionId)?.system ?? '',
          segmentation: target.segmentation,
          set: definition?.name ?? target.segmentation,
          what: targetName(target, definition),
          kind: target.kind,
          object: target.object,
          state: target.state,
          why: whyOf(target),
          reason: target.reason === null ? null : reason,
          bundle,
          shown,
          writes,
          changes,
          filledByCrm: FILLED_BY_CRM.has(target.kind),
        };
      }),
    falls: (await listFalls(pool, tenant)).map((fall) => ({
      ...fall,
      since: new Date(fall.since),
      connection: connections.get(fall.connectionId)?.name ?? fall.connectionId,
    })),
    pins: await countPins(pool, tenant, asOf),
    runId: (await activeRun(pool, tenant))?.id ?? null,
    isCounting: !counts.isWhole,
  };
}

export type Pinned = Omit<WriteLine, 'before' | 'after'> & {
  value: string[];
  until: Date | null;
  seenAt: Date;
};

/** Values that people set by hand, in words. */
export async function listPinned(
  db: Queryable,
  tenant: Tenant,
  page: { asOf: Date; after?: PinKey | undefined; limit: number },
): Promise<Pinned[]> {
  const pins = await pagePins(db, tenant, page);
  const lines = await describeLines(
    db,
    tenant,
    pins.map((pin) => ({ ...pin, before: null, after: pin.value })),
  );
  return lines.flatMap(({ before: _none, after: value, ...line }, i) => {
    const pin = pins[i];
    return pin ? [{ ...line, value, until: pin.until, seenAt: pin.seenAt }] : [];
  });
}
