import { z } from 'zod';
import type { Pending } from '../../pipeline/publish/release.ts';
import { listConnections } from '../../store/connections.ts';
import { listPublished } from '../../store/segmentations.ts';
import { countShown } from '../../store/shown.ts';
import { listTargets, type TargetRow } from '../../store/targets.ts';
import { count, type Output, table } from '../output.ts';
import type { Session } from '../session.ts';
import { describeTarget } from '../targets.ts';

/** What the connectors remember of a target: one of these names it to people. */
const Named = z.looseObject({
  property: z.string().optional(),
  fullName: z.string().optional(),
  name: z.string().optional(),
});

/** Targets whose records or members the CRM works out itself. */
const FILLED_BY_CRM = new Set<TargetRow['kind']>(['dynamic_list', 'list_view']);

/** What waits, the largest first; the lists that the CRM fills itself in one line. */
export function showHeld(pending: readonly Pending[], output: Output): void {
  const written = pending.filter(({ target, writes }) => writes > 0 && !FILLED_BY_CRM.has(target.kind));
  const lists = pending.filter(({ target }) => FILLED_BY_CRM.has(target.kind));
  const rows = [...written]
    .sort((a, b) => b.writes - a.writes)
    .map(({ target, connection, name, writes }) => [
      `  ${connection.name}`,
      describeTarget(target, name),
      `${count(writes)} records`,
    ]);
  output.line(`  Held until somebody releases them: ${pending.length} targets.`);
  output.line(table(['  where', 'what', 'would write'], rows));
  if (lists.length > 0)
    output.line(`  and ${lists.length} lists and views that the CRMs fill from those labels.`);
}

/** Where labels were written, under which name, and how many records show one. */
export async function showWritten({ app, tenant, output }: Session): Promise<void> {
  const { pool } = app.store;
  const shown = await countShown(pool, tenant);
  const connections = new Map((await listConnections(pool, tenant)).map(({ id, name }) => [id, name]));
  const names = new Map(
    (await listPublished(pool, tenant)).map(({ key, definition }) => [key, definition.name]),
  );
  const live = (await listTargets(pool, tenant)).filter(({ state }) => state === 'live');
  const rows = live
    .filter(({ kind }) => kind !== 'changed_at')
    .map((target) => [
      `  ${connections.get(target.connectionId) ?? target.connectionId}`,
      describeTarget(target, names.get(target.segmentation) ?? target.segmentation),
      placeOf(target),
      FILLED_BY_CRM.has(target.kind) ? 'by the CRM' : count(shown.get(target.id) ?? 0),
    ]);
  output.line(table(['  where', 'what', 'as', 'records'], rows));
}

function placeOf({ remote }: TargetRow): string {
  const { property, fullName, name } = Named.catch({}).parse(remote);
  return property ?? name ?? fullName ?? '';
}
