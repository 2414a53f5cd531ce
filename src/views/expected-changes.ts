import { ConflictError } from '../errors.ts';
import { learnModel } from '../pipeline/learn/learn.ts';
import { pinsNow, readPlans } from '../pipeline/publish/plans.ts';
import { refusesProfiling } from '../pipeline/push/desired.ts';
import { addUp } from '../pipeline/review/ranges.ts';
import { compileLabels, learns, type Plan } from '../segmentation/compile.ts';
import type { Segmentation } from '../segmentation/definition.ts';
import type { Queryable } from '../store/pool.ts';
import type { Tenant } from '../store/tenant.ts';
import { readBasis, whatIsMissing } from './preview.ts';

export type ExpectedChanges = {
  /** Days between the two instants that were compared. */
  days: number;
  subjects: number;
  /** Subjects whose labels differ between the two. */
  changed: number;
  /** Changes per subject and 30 days; null where there is nobody. */
  perSubjectAndMonth: number | null;
  segments: { segment: string; entered: number; left: number }[];
};

/**
 * How many labels of a draft would change in a month, before there is any history: it is worked out as of now and as
 * of so many days ago, with the same model, on the data of today. That tells what time and dated things (purchases,
 * logins, renewals) do; values that the CRM keeps no date of are those of today on both sides, so it is the least to
 * expect.
 * @throws ConflictError where the draft can't be worked out yet, with the reason
 */
export async function expectChanges(
  db: Queryable,
  tenant: Tenant,
  definition: Segmentation,
  { asOf, days = 30 }: { asOf: Date; days?: number },
): Promise<ExpectedChanges> {
  const basis = await readBasis(db, tenant, asOf);
  const reason = whatIsMissing(definition, basis);
  if (reason !== null) {
    throw new ConflictError('not_ready', `${definition.name} can't be worked out yet: ${reason}.`, {
      action: 'Publish or run what it waits for, then look again.',
      retryable: true,
    });
  }
  const { request } = basis;
  const present = await readPlans(db, tenant, { asOf, pins: await pinsNow(db, tenant) });
  const others = present.plans.filter(
    (plan) => plan.definition.key !== definition.key && plan.definition.subject === definition.subject,
  );
  const model = learns(definition) ? await learnModel(db, definition, { ...request, others }) : null;
  const plans: Plan[] = [{ definition, model }, ...others];
  const before = new Date(asOf.getTime() - days * 86_400_000);
  const rows = await addUp(db, tenant, definition.subject, async ({ from, to }) => {
    const compile = (at: Date) =>
      compileLabels({
        ...request,
        asOf: at,
        subject: definition.subject,
        segmentations: plans,
        restrict: { from, to },
      });
    const [then, now] = [compile(before), compile(asOf)];
    const column = now.columns.find(({ segmentation }) => segmentation === definition.key)?.column;
    const labels = (alias: string): string =>
      definition.labels === 'one' ? `array_remove(array[${alias}.${column}], null)` : `${alias}.${column}`;
    const shifted = then.sql.replace(/\$(\d+)/g, (_, n: string) => `$${Number(n) + now.values.length}`);
    const refused = definition.subject === 'person' ? refusesProfiling(request.attributes, 'g') : 'false';
    const { rows: counted } = await db.query<CountRow>(
      `with pair as materialized (
         select n.id, ${labels('n')} as now, ${labels('t')} as was
         from (${now.sql}) n join (${shifted}) t on t.id = n.id
         join ${tenant.schema}.${definition.subject} g on g.id = n.id and not ${refused}
       )
       select null as segment, count(*)::int as entered, count(*) filter (where now <> was)::int as left from pair
       union all
       select k.segment, count(*) filter (where not k.segment = any(was))::int,
         count(*) filter (where not k.segment = any(now))::int
       from pair cross join lateral (select unnest(now) as segment union select unnest(was)) k group by 1`,
      [...now.values, ...then.values],
    );
    return counted;
  });
  const all = rows.find(({ segment }) => segment === null) ?? { entered: 0, left: 0 };
  return {
    days,
    subjects: all.entered,
    changed: all.left,
    perSubjectAndMonth: all.entered === 0 ? null : (all.left / all.entered) * (30 / days),
    segments: definition.segments.map(({ key }) => {
      const row = rows.find(({ segment }) => segment === key);
      return { segment: key, entered: row?.entered ?? 0, left: row?.left ?? 0 };
    }),
  };
}

/** Of a segment; without one: all subjects as `entered`, and those that changed as `left`. */
type CountRow = { segment: string | null; entered: number; left: number };
