import { holdLive } from '../../store/targets.ts';
import type { StageContext } from '../stage.ts';
import { fenced } from '../with-leases.ts';

/** Stops a live target until somebody has looked. One that a person paused since it was read stays as they left it. */
export async function holdTarget(
  work: StageContext,
  id: string,
  reason: { code: string; message: string; action: string },
): Promise<void> {
  const since = work.run.asOf.toISOString();
  await fenced(work, (client) => holdLive(client, work.tenant, id, { ...reason, since }));
}
