import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Json, Prepared, PrepareTarget, TargetKind } from '../../../connectors/contract.ts';
import { adoptMembers, doubtTarget, forgetTarget } from '../../store/ledger.ts';
import { forgetPins } from '../../store/pins.ts';
import { ALL_SEGMENTATIONS, saveRemote, setTargetReason, type TargetRow } from '../../store/targets.ts';
import type { OpenConnection, StageContext } from '../stage.ts';
import { fenced } from '../with-leases.ts';
import { isMembership, type Scene, shownTargets } from './desired.ts';
import { rangeEnd } from './difference.ts';
import { isReadBack } from './shown-values.ts';

/** Kinds that filter on the segmentation's property, so come after it. */
const ON_A_PROPERTY = new Set<TargetKind>(['dynamic_list', 'list_view']);

/**
 * Makes sure in the CRM of what the live targets write to, and remembers the names and ids. Nothing is made for a
 * target that is still held. A target that an admin has to make stays live and says so; it is tried again with each
 * run, and goes on by itself.
 */
export async function prepareTargets(
  work: StageContext,
  connection: OpenConnection,
  scene: Scene,
): Promise<{ prepared: number; waiting: number }> {
  const live = scene.targets.filter(({ state }) => state === 'live');
  const first = live.filter(({ kind }) => !ON_A_PROPERTY.has(kind));
  const ready = await prepare(work, connection, scene, first);
  const remotes = new Map(scene.targets.map((target) => [target.id, target.remote]));
  for (const [id, remote] of ready) remotes.set(id, remote);
  const onProperty = live.filter(({ kind }) => ON_A_PROPERTY.has(kind));
  const more = await prepare(work, connection, scene, onProperty, remotes);
  const asked = live.filter(
    ({ segmentation }) => segmentation === ALL_SEGMENTATIONS || scene.definitions.has(segmentation),
  );
  return { prepared: ready.size + more.size, waiting: asked.length - ready.size - more.size };
}

async function prepare(
  work: StageContext,
  connection: OpenConnection,
  scene: Scene,
  targets: TargetRow[],
  remotes: Map<string, TargetRow['remote']> = new Map(),
): Promise<Map<string, TargetRow['remote']>> {
  const asked = targets.flatMap((target) => toPrepare(connection, scene, target, remotes));
  if (asked.length === 0) return new Map();
  const answers = await connection.connector.prepare(connection.context, asked);
  for (const answer of answers) {
    const target = targets.find(({ id }) => id === answer.id);
    if (target && (isFound(target, answer) || answer.isAnotherInPart)) await doubtAll(work, scene, target);
    if (target && isFoundList(target, answer)) await adoptAll(work, connection, target, answer.remote);
  }
  await fenced(work, async (client) => {
    for (const answer of answers) {
      const before = targets.find(({ id }) => id === answer.id);
      if (before && (answer.made || isAnotherList(before.remote, answer.remote))) {
        const place = { connectionId: connection.id, object: before.object };
        await forgetTarget(client, work.tenant, place, answer.id);
        await forgetPins(client, work.tenant, place, answer.id);
      }
      if (!isDeepStrictEqual(before?.remote, answer.remote))
        await saveRemote(client, work.tenant, answer.id, answer.remote);
      if (answer.state === 'ready') continue;
      await setTargetReason(client, work.tenant, [answer.id], {
        code: 'needs_you',
        message: answer.message ?? 'The CRM does not have what this target writes to yet.',
        action: answer.action ?? 'Make it in the CRM; the next run goes on by itself.',
        since: work.run.asOf.toISOString(),
        bundle: answer.bundle,
      });
    }
    const ready = answers.filter(({ state }) => state === 'ready').map(({ id }) => id);
    const mended = targets.filter(({ id, reason }) => ready.includes(id) && reason !== null);
    await setTargetReason(
      client,
      work.tenant,
      mended.map(({ id }) => id),
      null,
    );
  });
  return new Map(answers.filter(({ state }) => state === 'ready').map(({ id, remote }) => [id, remote]));
}

/**
 * A property of ours that was there before we knew of it: from an earlier installation, made by an admin, or hidden
 * from us for a while. Its records may show something, which an undo has to bring back.
 */
const isFound = (target: TargetRow, { state, made }: Prepared): boolean =>
  state === 'ready' && !made && target.remote === null && isReadBack(target);

/** Marks all records of the target's object, range by range; done again where it was cut short. */
async function doubtAll(work: StageContext, scene: Scene, { id, object }: TargetRow): Promise<void> {
  const place = { connectionId: scene.connectionId, object };
  for (let after: string | null = null, to: string | null = null; ; after = to) {
    to = await rangeEnd(work.pool, scene, object, after);
    await fenced(work, async (client) => {
      await doubtTarget(client, work.tenant, place, id, { after, to });
    });
    if (to === null) return;
  }
}

/** A list or campaign of ours that an earlier installation left, with the members that it had. */
const isFoundList = (target: TargetRow, { state, made }: Prepared): boolean =>
  state === 'ready' && !made && target.remote === null && shownTargets([target]).some(isMembership);

/** Takes the members that are there for shown: who belongs is not written again, and who does not is taken out. */
async function adoptAll(
  work: StageContext,
  connection: OpenConnection,
  { id, kind, object }: TargetRow,
  remote: Json,
): Promise<void> {
  const place = { connectionId: connection.id, object };
  for await (const members of connection.connector.members?.(connection.context, { kind, remote }) ?? []) {
    await fenced(work, async (client) => {
      await adoptMembers(client, work.tenant, place, id, members);
    });
  }
}

/** A list as its CRM names it: by an id of its own. */
const ListRemote = z.union([
  z.looseObject({ kind: z.literal('list'), listId: z.string() }).transform(({ listId }) => listId),
  z.looseObject({ kind: z.literal('campaign'), id: z.string() }).transform(({ id }) => id),
]);

/** Somebody deleted our list, and it was made anew: nobody is in it. */
function isAnotherList(before: Json, after: Json): boolean {
  const [old, now] = [ListRemote.safeParse(before), ListRemote.safeParse(after)];
  return old.success && now.success && old.data !== now.data;
}

function toPrepare(
  connection: OpenConnection,
  scene: Scene,
  target: TargetRow,
  remotes: Map<string, TargetRow['remote']>,
): PrepareTarget[] {
  const common = {
    id: target.id,
    kind: target.kind,
    object: target.object,
    remote: target.remote,
    mayCreate: connection.config.mayCreate !== false,
  };
  if (target.segmentation === ALL_SEGMENTATIONS) {
    const segmentation = { key: 'segments', name: 'Segments', labels: 'one' as const };
    return [{ ...common, segmentation, segments: [] }];
  }
  const definition = scene.definitions.get(target.segmentation);
  // Retired: what was made stays as it is until its values are cleared.
  if (definition === undefined) return [];
  const { key, name, labels } = definition;
  const wanted = definition.segments.filter(
    (segment) => target.segment === null || segment.key === target.segment,
  );
  const retired = target.segment === null ? (scene.retiredSegments.get(key) ?? []) : [];
  const property = scene.targets.find(
    (other) => other.kind === 'property' && other.segmentation === key && other.object === target.object,
  );
  return [
    {
      ...common,
      segmentation: { key, name, labels },
      segments: [
        ...wanted.map((segment) => ({ key: segment.key, name: segment.name })),
        ...retired.map((segment) => ({ ...segment, retired: true })),
      ],
      ...(ON_A_PROPERTY.has(target.kind) &&
        property && { property: remotes.get(property.id) ?? property.remote }),
    },
  ];
}
