/** What a method finds in the data, as people look at it: a map, a histogram, profiles, points. Nothing is stored. */

import type { Attribute } from '../model/attribute.ts';
import { refuseSensitive } from '../pipeline/label/sensitive-gate.ts';
import { keptModels } from '../pipeline/learn/kept-models.ts';
import { type Plans, pinsNow, readPlans } from '../pipeline/publish/plans.ts';
import { changeOf } from '../pipeline/publish/publish.ts';
import { refusesProfiling } from '../pipeline/push/desired.ts';
import { indexAttributes } from '../segmentation/attribute-index.ts';
import { type ColumnNames, columnNames } from '../segmentation/column-names.ts';
import { compileLabels, learns, type Plan } from '../segmentation/compile.ts';
import type { Segmentation } from '../segmentation/definition.ts';
import { type MethodPicture, pictureOfModel } from '../segmentation/method-picture.ts';
import { whyNobody } from '../segmentation/methods.ts';
import { rfmSegmentOf } from '../segmentation/statistics/rfm-maps.ts';
import { quoted } from '../store/identifier.ts';
import { newestModels } from '../store/models.ts';
import type { Queryable } from '../store/pool.ts';
import { listNewest } from '../store/segmentations.ts';
import type { Tenant } from '../store/tenant.ts';
import { readBasis, whatIsMissing } from './preview.ts';

/** Bars of a histogram. */
const BINS = 24;

/** Null where it can't be worked out yet, with the reason; see MethodPicture for the rest. */
export type Pictured = { picture: MethodPicture | null; reason: string | null; warnings: string[] };

/** @throws InputError where it uses what it may not */
export async function pictureMethod(
  db: Queryable,
  tenant: Tenant,
  definition: Segmentation,
  asOf: Date,
): Promise<Pictured> {
  await refuseSensitive(db, tenant, [definition]);
  const basis = await readBasis(db, tenant, asOf);
  const missing = whatIsMissing(definition, basis);
  if (missing !== null) {
    const reason = `${missing.charAt(0).toUpperCase()}${missing.slice(1)}.`;
    return { picture: null, reason, warnings: [] };
  }
  const { plans } = await readPlans(db, tenant, { asOf, pins: await pinsNow(db, tenant) });
  const others = plans.filter((one) => one.definition.key !== definition.key);
  const model = await modelNow(db, tenant, definition, { ...basis.request, others });
  const { zone, fiscalYearStart, currency } = tenant;
  const calendar = { asOf, zone, fiscalYearStart };
  const words = { attributes: indexAttributes(basis.request.attributes), calendar, currency };
  const names = columnNames(definition, words);
  const scene = { db, tenant, request: basis.request, plan: { definition, model }, others, names };
  const reason = model === null ? null : whyNobody(model);
  return {
    picture: await pictureOf(scene, reason !== null),
    reason: reason && names.sentence(reason),
    warnings: (model?.warnings ?? []).map(names.sentence),
  };
}

/** The model in force where the definition is, else one of the data as it is now. */
async function modelNow(
  db: Queryable,
  tenant: Tenant,
  definition: Segmentation,
  request: Plans['request'] & { others: Plan[] },
): Promise<Plan['model']> {
  if (!learns(definition)) return null;
  const stored = (await newestModels(db, tenant)).get(definition.key);
  const isInForce = changeOf(definition, await listNewest(db, tenant)) === 'unchanged';
  if (stored && isInForce) return stored.model;
  return keptModels(tenant)(db, definition, request, stored?.model ?? null);
}

type Scene = {
  db: Queryable;
  tenant: Tenant;
  request: Plans['request'];
  plan: Plan;
  others: Plan[];
  names: ColumnNames;
};

async function pictureOf(scene: Scene, nobody: boolean): Promise<MethodPicture | null> {
  const { definition, model } = scene.plan;
  if (definition.method === 'rules') return null;
  if (definition.method === 'rfm') return rfmPicture(scene);
  if (definition.method === 'tiers') {
    const { of, segments } = definition;
    const learned = model?.method === 'tiers' ? model.cutPoints : {};
    const cuts = segments.map(({ key, name, atLeast }) => ({
      segment: name,
      at: atLeast ?? learned[key] ?? null,
    }));
    const column =
      typeof of === 'string' && isMoneyOrNumber(scene.request.attributes, definition.subject, of);
    return { method: 'tiers', cuts, bins: column ? await histogram(scene, `g.${quoted(String(of))}`) : [] };
  }
  if (model === null) return null;
  return pictureOfModel(definition, model, nobody ? [] : await scoreBins(scene), scene.names);
}

function isMoneyOrNumber(attributes: readonly Attribute[], owner: string, key: string): boolean {
  const found = attributes.find((one) => one.owner === owner && one.key === key);
  return found?.type === 'number' || found?.type === 'money';
}

/** How many people and how much revenue are in each of the 25 cells of recency and frequency. */
async function rfmPicture(scene: Scene): Promise<MethodPicture> {
  const { db, tenant, request, plan } = scene;
  const { definition } = plan;
  if (definition.method !== 'rfm') throw new Error('not RFM');
  const compiled = compileScene(scene);
  const column = (score: string) =>
    compiled.scores.find((one) => one.segmentation === definition.key && one.score === score)?.column ??
    'null';
  const hasRevenue = isMoneyOrNumber(request.attributes, definition.subject, 'revenue_total');
  const { rows } = await db.query<{ r: number; f: number; m: number; size: number; revenue: number }>(
    `select c.${column('recency')}::int as r, c.${column('frequency')}::int as f,
       coalesce(c.${column('monetary')}, 1)::int as m, count(*)::int as size,
       coalesce(sum(${hasRevenue ? 'g.revenue_total' : '0'}), 0)::double precision as revenue
     from (${compiled.sql}) c join ${tenant.schema}.${definition.subject} g on g.id = c.id
     where c.${column('recency')} is not null and not ${refused(scene)} group by 1, 2, 3`,
    compiled.values,
  );
  const map = { key: definition.key, name: definition.name, segments: definition.segments };
  const cells = [1, 2, 3, 4, 5].flatMap((r) =>
    [1, 2, 3, 4, 5].map((f) => {
      const own = rows.filter((row) => row.r === r && row.f === f);
      // Where money decides as well, a cell holds several segments; its largest stands for it.
      const sizes = new Map<string, number>();
      for (const { m, size } of own) {
        const segment = rfmSegmentOf(map, r, f, m)?.key;
        if (segment) sizes.set(segment, (sizes.get(segment) ?? 0) + size);
      }
      const [largest] = [...sizes].sort((a, b) => b[1] - a[1]);
      return {
        r,
        f,
        size: own.reduce((sum, { size }) => sum + size, 0),
        revenue: own.reduce((sum, { revenue }) => sum + revenue, 0),
        segment: largest?.[0] ?? rfmSegmentOf(map, r, f, 3)?.key ?? null,
      };
    }),
  );
  const { model } = plan;
  const cutPoints = definition.cutPoints ?? (model?.method === 'rfm' ? model.cutPoints : null);
  return { method: 'rfm', cells, cutPoints };
}

/** A histogram of the score that the segments divide. */
async function scoreBins(scene: Scene): Promise<{ from: number; to: number; count: number }[]> {
  const { definition } = scene.plan;
  const score = { lifetime_value: 'value', churn: 'p_alive', scorecard: 'points', lookalike: 'likeness' };
  const wanted = Object.entries(score).find(([method]) => method === definition.method)?.[1];
  const compiled = compileScene(scene);
  const found = compiled.scores.find((one) => one.segmentation === definition.key && one.score === wanted);
  return found ? histogram(scene, `c.${found.column}`, compiled) : [];
}

function compileScene({ request, plan, others }: Scene) {
  const { subject } = plan.definition;
  const own = others.filter(({ definition }) => definition.subject === subject);
  return compileLabels({ ...request, subject, segmentations: [plan, ...own], restrict: 'all' });
}

const refused = ({ request, plan }: Scene): string =>
  plan.definition.subject === 'person' ? refusesProfiling(request.attributes, 'g') : 'false';

/**
 * Equal bars up to the 99th percentile; the last one holds all above. A few whole numbers (a score of 0 to 10) get a
 * bar each.
 */
async function histogram(
  scene: Scene,
  value: string,
  compiled?: { sql: string; values: unknown[] },
): Promise<{ from: number; to: number; count: number }[]> {
  const { db, tenant, plan } = scene;
  const from = compiled ? `(${compiled.sql}) c join` : '';
  const on = compiled ? 'on g.id = c.id' : '';
  const { rows } = await db.query<{ bin: number; low: number; high: number; bins: number; count: number }>(
    `with v as materialized (
       select (${value})::double precision as value from ${from} ${tenant.schema}.${plan.definition.subject} g ${on}
       where not ${refused(scene)} and ${value} is not null
     ), spread as (
       select min(value) as low, percentile_disc(0.99) within group (order by value) as high,
         bool_and(value = floor(value)) as whole from v
     ), b as (
       select low, case when whole and high - low < ${BINS} then high + 1 else high end as high,
         case when whole and high - low < ${BINS} then (high - low)::int + 1 else ${BINS} end as bins
       from spread where high > low
     )
     select least(width_bucket(v.value, b.low, b.high, b.bins), b.bins) as bin, b.low, b.high, b.bins,
       count(*)::int as count
     from v, b group by 1, 2, 3, 4 order by 1`,
    compiled?.values ?? [],
  );
  const [first] = rows;
  if (first === undefined) return [];
  const width = (first.high - first.low) / first.bins;
  return Array.from({ length: first.bins }, (_, index) => ({
    from: first.low + index * width,
    to: first.low + (index + 1) * width,
    count: rows.find(({ bin }) => bin === index + 1)?.count ?? 0,
  }));
}
