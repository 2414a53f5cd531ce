import { z } from 'zod';
import type { Json } from '../../../connectors/contract.ts';
import { type Attribute, type AttributeOwner, ownerOf } from '../../model/attribute.ts';
import type { ObjectType } from '../../model/record.ts';
import { listAttributes } from '../../store/columns.ts';
import { listMappings } from '../../store/mappings.ts';
import { joinByHash } from '../../store/plans.ts';
import type { Queryable } from '../../store/pool.ts';
import type { Tenant } from '../../store/tenant.ts';
import { tidyTables } from '../../store/tidy.ts';
import type { SliceResult, StageContext } from '../stage.ts';
import { fenced } from '../with-leases.ts';
import { profileDeals } from './profile-deals.ts';
import { profileCompanies, profilePersons } from './profile-subjects.ts';
import { homeCurrencies } from './rates.ts';
import { type RevenueRow, revenueRow } from './revenue.ts';

/** Subjects worked out in one transaction; on an embedded store it takes well under 250 ms. */
export const PROFILE_BATCH = 1_000;

/** What all statements of this stage need, read once a slice. */
export type Profiling = {
  work: StageContext;
  attributes: Attribute[];
  /** Best rank first; `defaults` is what empty values mean, by the object that maps them. */
  connections: (RevenueRow & {
    place: number;
    defaults: Record<ObjectType, Record<string, boolean | number>>;
  })[];
};

/** What an empty value of a mapped attribute stands for, where it is not unknown. */
const MEANING = { false: false, zero: 0 } as const;

const profiles = { deal: profileDeals, person: profilePersons, company: profileCompanies } as const;

/**
 * Fills the columns of noted subjects: attributes from their records, revenue of deals, totals from deals. Deals
 * first, as they note the persons and companies that have them; what is left to do is what is noted, so the stage
 * has no position of its own.
 */
export async function profileSlice(work: StageContext, _position: Json): Promise<SliceResult> {
  const counts: Record<string, number> = {};
  const profiling = await prepare(work);
  for (const subject of ['deal', 'person', 'company'] as const) {
    for (;;) {
      if (performance.now() >= work.deadline || work.signal.aborted)
        return { position: {}, done: false, counts };
      const { seen, changed } = await fenced(work, async (client) => {
        await joinByHash(client);
        const ids = await takeNoted(client, work.tenant, subject);
        if (ids.length === 0) return { seen: 0, changed: 0 };
        return { seen: ids.length, changed: await profiles[subject](profiling, client, ids) };
      });
      if (seen === 0) break;
      counts[`${subject}.seen`] = (counts[`${subject}.seen`] ?? 0) + seen;
      counts[`${subject}.changed`] = (counts[`${subject}.changed`] ?? 0) + changed;
    }
  }
  // A first load has written every row anew: the next stages read twice as much otherwise.
  if (!work.run.options.dirtyOnly) await tidyTables(work.pool, work.tenant);
  return { position: {}, done: true, counts };
}

/** Takes the next batch of subjects that are noted for profile. */
export async function takeNoted(db: Queryable, tenant: Tenant, subject: AttributeOwner): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    // As an array: a join by hash would read all that is noted for each batch of it.
    `delete from ${tenant.schema}.dirty_subject where stage = 'profile' and subject = $1 and id = any(array(
       select id from ${tenant.schema}.dirty_subject where stage = 'profile' and subject = $1
       order by id limit $2))
     returning id`,
    [subject, PROFILE_BATCH],
  );
  return rows.map((row) => row.id);
}

const ConnectionRow = z.object({
  id: z.string(),
  config: z.object({ revenue: z.unknown().optional() }).loose(),
});

async function prepare(work: StageContext): Promise<Profiling> {
  const { pool, tenant } = work;
  const attributes = await listAttributes(pool, tenant);
  const mappings = await listMappings(pool, tenant);
  const homes = await homeCurrencies(pool, tenant);
  const { rows } = await pool.query(
    'select id, config from app.connection where tenant_id = $1 order by rank, created_at, id',
    [tenant.id],
  );
  const connections = z.array(ConnectionRow).parse(rows);
  const defaultsOf = (connectionId: string, object: ObjectType) => {
    const mapped = new Set(
      mappings.filter((m) => m.connectionId === connectionId && m.object === object).map((m) => m.attribute),
    );
    return Object.fromEntries(
      attributes.flatMap(({ owner, key, empty }) =>
        owner === ownerOf[object] && mapped.has(key) && empty !== 'unknown' ? [[key, MEANING[empty]]] : [],
      ),
    );
  };
  return {
    work,
    attributes,
    connections: connections.map(({ id, config }, place) => ({
      ...revenueRow(id, config.revenue, homes.get(id) ?? tenant.currency),
      place,
      defaults: {
        contact: defaultsOf(id, 'contact'),
        company: defaultsOf(id, 'company'),
        deal: defaultsOf(id, 'deal'),
      },
    })),
  };
}
