import type { SubjectType } from '../model/attribute.ts';
import { pinsNow, readPlans } from '../pipeline/publish/plans.ts';
import type { Experiment } from '../review/experiment.ts';
import type { Segmentation } from '../segmentation/definition.ts';
import { type Explanation, type LabelChange, planExplain } from '../segmentation/explain.ts';
import { listExperiments } from '../store/experiments.ts';
import type { Pool } from '../store/pool.ts';
import type { Tenant } from '../store/tenant.ts';

/** One statement that explains one subject, compiled once and asked for many. */
export type CardPlan = {
  definitions: readonly Segmentation[];
  explain(db: Pool, id: string, changes: readonly LabelChange[]): Promise<Explanation[]>;
};

export type CardPlans = { plans: Partial<Record<SubjectType, CardPlan>>; experiments: Experiment[] };

/** Plans count time from when they were made, and mappings and lawful bases change now and then. */
const LIFE_MS = 60_000;
/** Older plans are of use for so long, while new ones are made: nobody waits for them once a minute. */
const LAST_MS = 60_000;
const MOST_TENANTS = 500;

/** Stands among the values for the one subject: an id that nobody has, nor any condition as a number. */
const STAND_IN = '-9007199254740993';

type Kept = { version: string; until: number; plans: Promise<CardPlans> };

/** By database, then by tenant: what compiling found out, while nothing that it rests on has changed. */
const kept = new WeakMap<Pool, Map<string, Kept>>();

/** @param version anything that differs once definitions, models or experiments do */
export function cardPlans(db: Pool, tenant: Tenant, version: string): Promise<CardPlans> {
  const byTenant = kept.get(db) ?? new Map<string, Kept>();
  kept.set(db, byTenant);
  const now = performance.now();
  const known = byTenant.get(tenant.id);
  const isSame = known?.version === version;
  if (known && isSame && known.until > now) return known.plans;
  const plans = compile(db, tenant);
  const made = { version, until: now + LIFE_MS, plans };
  byTenant.delete(tenant.id);
  byTenant.set(tenant.id, made);
  const [oldest] = byTenant.keys();
  if (byTenant.size > MOST_TENANTS && oldest !== undefined) byTenant.delete(oldest);
  // A failure is not kept: the next card tries again.
  plans.catch(() => {
    if (byTenant.get(tenant.id) === made) byTenant.delete(tenant.id);
  });
  return known && isSame && known.until + LAST_MS > now ? known.plans : plans;
}

/** Has the next card of the tenant compile anew: something that the plans read is gone. */
export function forgetCardPlans(db: Pool, tenant: Tenant): void {
  kept.get(db)?.delete(tenant.id);
}

async function compile(db: Pool, tenant: Tenant): Promise<CardPlans> {
  const asOf = new Date();
  const { plans, request } = await readPlans(db, tenant, { asOf, pins: await pinsNow(db, tenant) });
  const ofSubject = (subject: SubjectType): CardPlan | undefined => {
    const segmentations = plans.filter(({ definition }) => definition.subject === subject);
    if (segmentations.length === 0) return undefined;
    const plan = planExplain({
      ...request,
      subject,
      segmentations,
      ids: [STAND_IN],
      currency: tenant.currency,
    });
    return {
      definitions: segmentations.map(({ definition }) => definition),
      explain: async (client, id, changes) => {
        const values = plan.values.map((value) => (value === STAND_IN ? id : value));
        const { rows } = await client.prepared(plan.sql, values);
        return rows[0] ? plan.interpret(rows[0], changes, 'rep') : [];
      },
    };
  };
  const [person, company] = [ofSubject('person'), ofSubject('company')];
  const experiments = (await listExperiments(db, tenant)).flatMap(({ state, experiment }) =>
    state === 'running' ? [experiment] : [],
  );
  return { plans: { ...(person && { person }), ...(company && { company }) }, experiments };
}
