import type { Queryable } from './pool.ts';
import { IDLE_HOURS } from './sessions.ts';
import type { Tenant } from './tenant.ts';
import { hashToken } from './tokens.ts';

export type LiveRun = {
  id: string;
  kind: string;
  state: string;
  stage: string;
  slices: number;
  counts: Record<string, Record<string, number>>;
  reason: { code: string; message: string; action: string } | null;
  notBefore: string | null;
  endedAt: string | null;
};
export type LiveConnection = {
  id: string;
  name: string;
  state: string;
  reason: { code: string; message: string; action: string; since: string } | null;
};
export type Live = {
  runs: LiveRun[];
  connections: LiveConnection[];
  /** How many targets wait for a person. */
  held: number;
  /** The last run that labelled: sizes are those of then. */
  labelledBy: string | null;
};

/** What a workspace that is open wants to see move, in one statement. */
export async function readLive(db: Queryable, { id, schema }: Tenant): Promise<Live> {
  const { rows } = await db.query<Live>(
    `select
       (select coalesce(jsonb_agg(jsonb_build_object('id', id::text, 'kind', kind, 'state', state, 'stage', stage,
           'slices', slices, 'counts', counts, 'reason', reason, 'notBefore', not_before, 'endedAt', ended_at)
           order by id desc), '[]')
        from (select * from ${schema}.run order by id desc limit 5) r) as runs,
       (select coalesce(jsonb_agg(jsonb_build_object('id', id, 'name', name, 'state', state, 'reason', reason)
           order by rank, id), '[]')
        from app.connection where tenant_id = $1) as connections,
       (select count(*)::int from ${schema}.target where state = 'held') as held,
       (select max(id)::text from ${schema}.run where state = 'done' or stage = 'push') as "labelledBy"`,
    [id],
  );
  return rows[0] ?? { runs: [], connections: [], held: 0, labelledBy: null };
}

/** Does a session go on? Asking does not keep it alive, so that a page left open ends with it. */
export async function sessionHolds(db: Queryable, token: string): Promise<boolean> {
  const { rows } = await db.query<{ holds: boolean }>(
    `select exists (
       select from app.session s join app.member m on m.account_id = s.account_id and m.tenant_id = s.tenant_id
       where s.hash = $1 and s.expires_at > now() and s.seen_at > now() - make_interval(hours => $2)) as holds`,
    [hashToken(token), IDLE_HOURS],
  );
  return rows[0]?.holds ?? false;
}
