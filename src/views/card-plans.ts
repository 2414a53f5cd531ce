import type { SubjectType } from '../model/attribute.ts';
import { pinsNow, readPlans } from '../pipeline/plans.ts';
import type { Experiment } from '../review/experiment.ts';
import type { Segmentation } from '../segmentation/definition.ts';
import { type Explanation, type LabelChange, planExplain } from '../segmentation/explain.ts';
import { listExperiments } from '../store/experiments.ts';
import type { Queryable } from '../store/pool.ts';
import type { Tenant } from '../store/tenant.ts';

/** One statement that explains one subject, compiled once and asked for many. */
export type CardPlan = {
  definitions: readonly Segmentation[];
  explain(db: Queryable, id: string, changes: readonly LabelChange[]): Promise<Explanation[]>;
};

export type CardPlans = { plans: Partial<Record<SubjectType, CardPlan>>; experiments: Experiment[] };

/** Plans count time from when they were made, and mappings and lawful bases change now and then. */
const LIFE_MS = 60_000;
const MOST_TENANTS = 500;

type Kept = { version: string; until: number; plans: Promise<CardPlans> };

/** By database, then by tenant: what compiling found out, while nothing that it rests on has changed. */
const kept = new WeakMap<Queryable, Map<string, Kept>>();

/** @param version anything that differs once definitions, models or experiments do */
export function cardPlans(db: Queryable, tenant: Tenant, version: string): Promise<CardPlans> {
  const byTenant = kept.get(db) ?? new Map<string, Kept>();
  kept.set(db, byTenant);
  const known = byTenant.get(tenant.id);
  if (known && known.version === version && known.until > performance.now()) return known.plans;
  const plans = compile(db, tenant);
  byTenant.delete(tenant.id);
  byTenant.set(tenant.id, { version, until: performance.now() + LIFE_MS, plans });
  const [oldest] = byTenant.keys();
  if (byTenant.size > MOST_TENANTS && oldest !== undefined) byTenant.delete(oldest);
  // A failure is not kept: the next card tries again.
  plans.catch(() => byTenant.delete(tenant.id));
  return plans;
}

async function compile(db: Queryable, tenant: Tenant): Promise<CardPlans> {
  const asOf = new Date();
  const { plans, request } = await readPlans(db, tenant, { asOf, pins: await pinsNow(db, tenant) });
  const ofSubject = (subject: SubjectType): CardPlan | undefined => {
    const segmentations = plans.filter(({ definition }) => definition.subject === subject);
    if (segmentations.length === 0) return undefined;
    // Stands for the one subject; found again among the values by being this very list.
    const place = ['0'];
    const plan = planExplain({ ...request, subject, segmentations, ids: place, currency: tenant.currency });
    return {
      definitions: segmentations.map(({ definition }) => definition),
      explain: async (client, id, changes) => {
        const values = plan.values.map((value) => (value === place ? [id] : value));
        const { rows } = await client.query(plan.sql, values);
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
