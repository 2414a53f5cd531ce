import { z } from 'zod';
import { ConflictError } from '../../errors.ts';
import { countShown } from '../../store/connection-data.ts';
import {
  type ConnectionRow,
  getConnection,
  listConnections,
  setConnectionState,
  updateConnection,
} from '../../store/connections.ts';
import { type Pool, type Queryable, transaction } from '../../store/pool.ts';
import { listTargets } from '../../store/targets.ts';
import type { Tenant } from '../../store/tenant.ts';

/** What stays in the CRM when a connection leaves: fields with their values, empty fields, or nothing of ours. */
export const Keep = z.enum(['values', 'fields', 'nothing']);
export type Keep = z.infer<typeof Keep>;

const LEAVING_PHASES = ['clear', 'uninstall', 'unify', 'drop'] as const;

/** How far a connection's leaving has come. Kept with the connection, so that it goes on after a kill. */
export const Leaving = z.object({
  keep: Keep,
  by: z.string(),
  /** The CRM is not asked: it has shut us out, or is no more. */
  withoutCrm: z.boolean(),
  phase: z.enum(LEAVING_PHASES),
  /** Records cleared, and values that the CRM did not take. */
  cleared: z.number(),
  refused: z.number(),
  /** Where the clearing stands. */
  object: z.enum(['contact', 'company']).nullable(),
  after: z.string().nullable(),
  done: z.array(z.string()),
  stays: z.array(z.string()),
});
export type Leaving = z.infer<typeof Leaving>;

const Config = z.object({ leaving: Leaving });

/** Null where the connection is not on its way out. */
export function leavingOf(connection: Pick<ConnectionRow, 'state' | 'config'>): Leaving | null {
  if (connection.state !== 'disconnected') return null;
  return Config.safeParse(connection.config).data?.leaving ?? null;
}

/**
 * Keeps how far it has come. What a slice did while somebody asked to go on without the CRM is not kept: the next one
 * begins with what they asked for.
 */
export async function saveProgress(
  db: Queryable,
  tenant: Tenant,
  connection: Pick<ConnectionRow, 'id'>,
  leaving: Leaving,
): Promise<void> {
  await db.query(
    `update app.connection set config = config || jsonb_build_object('leaving', $3::jsonb)
     where tenant_id = $1 and id = $2 and config #> '{leaving,withoutCrm}' = to_jsonb($4::boolean)`,
    [tenant.id, connection.id, JSON.stringify(leaving), leaving.withoutCrm],
  );
}

export type LeavingPlan = {
  /** Records on which the CRM shows something of ours. */
  records: number;
  /** Fields, lists and the like that we made or write, by kind. */
  targets: Record<string, number>;
  /** With it everything that was worked out from CRM data goes, definitions too. */
  isLast: boolean;
};

/** What a disconnection would touch. */
export async function planLeaving(db: Queryable, tenant: Tenant, id: string): Promise<LeavingPlan> {
  const connection = await getConnection(db, tenant, id);
  const targets: Record<string, number> = {};
  for (const { kind, remote } of await listTargets(db, tenant, { connectionId: connection.id }))
    if (remote !== null) targets[kind] = (targets[kind] ?? 0) + 1;
  const others = (await listConnections(db, tenant)).filter((other) => other.id !== id);
  return {
    records: await countShown(db, tenant, id),
    targets,
    isLast: others.every((other) => other.state === 'disconnected'),
  };
}

/**
 * Begins a disconnection: from now on no run uses the connection. One that is under way may be told to go on
 * without the CRM.
 * @throws ConflictError where one is under way and nothing else is asked
 */
export function beginLeaving(
  pool: Pool,
  tenant: Tenant,
  id: string,
  asked: { keep: Keep; withoutCrm: boolean; by: string },
): Promise<ConnectionRow> {
  return transaction(pool, async (client) => {
    // Two who ask at once come one after the other: what stays in the CRM is for the first to say.
    const connection = await getConnection(client, tenant, id, 'for update');
    const before = leavingOf(connection);
    if (before && !(asked.withoutCrm && !before.withoutCrm)) {
      throw new ConflictError('leaving_already', `${connection.name} is being disconnected already.`, {
        action: 'Wait for its end; Connections shows how far it is.',
      });
    }
    const fresh: Leaving = {
      ...asked,
      phase: asked.keep === 'fields' && !asked.withoutCrm ? 'clear' : 'uninstall',
      cleared: 0,
      refused: 0,
      object: null,
      after: null,
      done: [],
      stays: [],
    };
    const isPast = before && (before.phase === 'unify' || before.phase === 'drop');
    const leaving = before
      ? { ...before, withoutCrm: true, ...(!isPast && { phase: 'uninstall' as const }) }
      : fresh;
    await updateConnection(client, tenant, id, { config: { leaving } });
    await setConnectionState(client, tenant, id, 'disconnected', {
      code: 'disconnecting',
      message: `${connection.name} is being disconnected. Other connections are not touched.`,
      action: 'Nothing to do: it goes on by itself.',
    });
    return connection;
  });
}
