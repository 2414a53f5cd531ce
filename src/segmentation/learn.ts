import { z } from 'zod';
import { InputError } from '../errors.ts';
import { type Attribute, type AttributeOwner, columnType } from '../model/attribute.ts';
import { type AttributeIndex, indexAttributes } from './attribute-index.ts';
import { newBindings, onlyUsed, quoteName, type Statement } from './bindings.ts';
import { type CompiledPlans, type CompileRequest, compilePlans, type Plan } from './compile.ts';
import { type Restriction, where } from './compile-base.ts';
import { compileCondition, type Scope } from './compile-condition.ts';
import { compileMeasure } from './compile-scores.ts';
import type { Segmentation } from './definition.ts';
import { mayProfile } from './may-profile.ts';
import { learnGroups, planClusters } from './methods/cluster-learn.ts';
import { learnLikeness, planLookalike } from './methods/lookalike.ts';
import { learnPurchases, planPurchases } from './methods/purchase-learn.ts';
import { learnCard, planScorecard } from './methods/scorecard-learn.ts';
import type { Model } from './model.ts';
import {
  fedPercentiles,
  type Percentile,
  percentileCut,
  percentileKey,
  percentilesOf,
} from './percentile.ts';
import { references } from './references.ts';
import type { Histogram } from './statistics/cut-points.ts';
import { learnRfm } from './statistics/rfm.ts';
import { localDay } from './window.ts';

export type LearnRequest = Omit<CompileRequest, 'subject' | 'segmentations' | 'restrict'> & {
  /** Segmentations whose scores it may build on; of those left out, scores are read as stored last. */
  others?: readonly Plan[];
  /** Learns from these alone, of each owner; from all where left out. */
  among?: Partial<Record<AttributeOwner, Restriction>>;
};

/** What is measured, and the ranks (0 to 1) around which its values must be known exactly. */
type Source = { name: string; value: string; probabilities: readonly number[] };

const FIFTHS = [0.2, 0.4, 0.6, 0.8];

/**
 * The statement whose rows `learn` needs, or null where nothing is learned. It yields a few dozen rows
 * `{ name, value, upto }` whatever the number of subjects: the distinct values around the ranks that matter, each with
 * how many subjects have it or a lower one. People who object to profiling take no part.
 */
export function planLearn(definition: Segmentation, request: LearnRequest): Statement | null {
  if (definition.method === 'rfm')
    return definition.cutPoints === undefined ? planRfm(definition, request) : null;
  if (definition.method === 'tiers') return planTiers(definition, request);
  if (definition.method === 'lifetime_value' || definition.method === 'churn')
    return planFor(definition, request, planPurchases);
  if (definition.method === 'clusters') return planFor(definition, request, planClusters);
  if (definition.method === 'lookalike') return planFor(definition, request, planLookalike);
  if (definition.method === 'scorecard')
    return definition.of.length === 0 ? null : planFor(definition, request, planScorecard);
  if (percentilesOf(definition).length === 0) return null;
  const percentiles = fedPercentiles(definition, request.attributes);
  return percentiles.length === 0 ? NO_ROWS : planPercentiles(percentiles, request);
}

/** Nothing feeds what is to be ranked: the model is empty, and the other conditions tell. */
const NO_ROWS: Statement = {
  sql: `select null::text as name, null::float8 as value where false`,
  values: [],
};

/** The statement of a method that writes its own. */
function planFor<Own extends Segmentation>(
  definition: Own,
  request: LearnRequest,
  write: (definition: Own, scope: Scope, plans: WritePlans) => string,
): Statement {
  const plans = compileAround(definition, request);
  const scope = plans.scopeOf({ definition, model: null });
  const sql = write(definition, scope, {
    schema: request.schema,
    attributes: plans.attributes,
    nested: plans.nested,
  });
  return onlyUsed({ sql, values: plans.base.bindings.values });
}

/** What a definition looks at, over all its subjects: nothing of itself, and the scores that it names. */
function compileAround(definition: Segmentation, request: LearnRequest): CompiledPlans {
  const named = new Set(
    [...references(definition)].flatMap((reference) =>
      reference.kind === 'score' && reference.subject === definition.subject
        ? [reference.name.split('.')[0]]
        : [],
    ),
  );
  return compilePlans({
    ...request,
    subject: definition.subject,
    segmentations: (request.others ?? []).filter((other) => named.has(other.definition.key)),
    restrict: request.among?.[definition.subject] ?? 'all',
    stored: request.stored ?? [],
  });
}

type WritePlans = { schema: string; attributes: AttributeIndex; nested(): string };

function planRfm(definition: Extract<Segmentation, { method: 'rfm' }>, request: LearnRequest): Statement {
  const { base, scopeOf, nested, calendar, attributes } = compileAround(definition, request);
  const scope = scopeOf({ definition, model: null });
  const recency = compileMeasure(definition.recency, scope);
  const frequency = compileMeasure(definition.frequency, scope);
  const monetary = compileMeasure(definition.monetary, scope);
  const profiled = mayProfile(definition.subject, attributes, (key) => base.own(key).sql);
  const day =
    recency.type === 'date'
      ? recency.sql
      : `(${recency.sql} at time zone ${base.bindings.bind(calendar.zone, 'text')})::date`;
  const days = `(${base.bindings.bind(localDay(calendar), 'date')} - ${day})`;
  const sources: Source[] = [
    { name: 'recency', value: days, probabilities: FIFTHS },
    { name: 'frequency', value: frequency.sql, probabilities: FIFTHS },
    { name: 'monetary', value: monetary.sql, probabilities: FIFTHS },
  ];
  const from = `(\n${nested()}\n) l`;
  const bought = `${frequency.sql} > 0 and ${recency.sql} is not null and ${profiled}`;
  const sql = histogramSql([{ from, where: bought, sources }]);
  return onlyUsed({ sql, values: base.bindings.values });
}

function planTiers(
  definition: Extract<Segmentation, { method: 'tiers' }>,
  request: LearnRequest,
): Statement | null {
  const percents = definition.segments.flatMap(({ topPercent }) =>
    topPercent === undefined ? [] : [topPercent],
  );
  if (percents.length === 0) return null;
  const { base, scopeOf, nested, attributes } = compileAround(definition, request);
  const scope = scopeOf({ definition, model: null });
  const value = compileMeasure(definition.of, scope).sql;
  const among = definition.among === undefined ? 'true' : compileCondition(definition.among, scope);
  const profiled = mayProfile(definition.subject, attributes, (key) => base.own(key).sql);
  const sources = [{ name: 'of', value, probabilities: percents.map((percent) => 1 - percent / 100) }];
  const from = `(\n${nested()}\n) l`;
  const sql = histogramSql([{ from, where: `${among} and ${profiled}`, sources }]);
  return onlyUsed({ sql, values: base.bindings.values });
}

function planPercentiles(percentiles: readonly Percentile[], request: LearnRequest): Statement {
  const attributes = indexAttributes(request.attributes);
  const bindings = newBindings();
  const parts = percentiles.map((percentile) => {
    const { owner, attribute, operator, percent } = percentile;
    const column = `s.${quoteName(attribute)}`;
    const type = attributes.get(owner, attribute)?.type ?? 'number';
    const value =
      attributes.get(owner, attribute)?.empty === 'zero'
        ? `coalesce(${column}, 0::${columnType[type]})`
        : column;
    const among = where('s.id', request.among?.[owner] ?? 'all', bindings);
    const profiled = mayProfile(owner, attributes, (key) => `s.${quoteName(key)}`);
    return {
      from: `${request.schema}.${owner} s`,
      where: among === '' ? profiled : `${among} and ${profiled}`,
      sources: [
        {
          name: percentileKey(percentile),
          value,
          probabilities: [operator === 'topPercent' ? 1 - percent / 100 : percent / 100],
        },
      ],
    };
  });
  return { sql: histogramSql(parts), values: bindings.values };
}

type Part = { from: string; where: string; sources: readonly Source[] };

/**
 * Histograms cut down to what quantiles need: the values at the two ranks around each probability with their
 * neighbours, and the ends.
 */
function histogramSql(parts: readonly Part[]): string {
  const sources = parts.map(({ from, where, sources }) => {
    const rows = sources.map(({ name, value }) => `(${literal(name)}, (${value})::double precision)`);
    return `select v.name, v.value from ${from} cross join lateral (values ${rows.join(', ')}) v (name, value)
    where ${where} and v.value is not null`;
  });
  // Said row by row as plain arithmetic: a subquery for each distinct value takes several times as long.
  const isNear = parts
    .flatMap((part) => part.sources)
    .map(({ name, probabilities }) => {
      const near = probabilities.map((p) => {
        const rank = `floor((total - 1) * ${p}::double precision + 1e-9)`;
        return `(upto > ${rank} and below <= ${rank} + 1)`;
      });
      return `when ${literal(name)} then ${near.join(' or ')}`;
    });
  return `with histogram as (
  select name, value, count(*)::double precision as n from (
    ${sources.join('\n    union all\n    ')}
  ) source group by name, value
), running as (
  select name, value,
    sum(n) over (partition by name order by value) - n as below,
    sum(n) over (partition by name order by value) as upto,
    sum(n) over (partition by name) as total
  from histogram
), marked as (
  select name, value, below, upto, total, case name ${isNear.join('\n    ')} end as is_near
  from running
), kept as (
  select *, is_near or below = 0 or upto = total
    or coalesce(lag(is_near) over by_value, false) or coalesce(lead(is_near) over by_value, false) as is_kept
  from marked
  window by_value as (partition by name order by value)
)
select name, value, upto from kept where is_kept order by name, value`;
}

/** Names are ours: score names and percentile keys. */
function literal(name: string): string {
  return `'${name.replaceAll("'", "''")}'::text`;
}

/** A row of planLearn's statement. */
export const LearnRow = z.object({ name: z.string(), value: z.number(), upto: z.number() });
export type LearnRow = z.infer<typeof LearnRow>;

export type LearnContext = {
  /** IANA zone in which days begin; UTC if left out. */
  zone?: string;
  /** The model in force, so that what is learned anew keeps its names. */
  before?: Model | null;
  /** Those that have a column: percentiles of others are not learned. All that are named, where left out. */
  attributes?: readonly Pick<Attribute, 'owner' | 'key'>[];
};

/**
 * The model, from the rows of planLearn's statement. Throws InputError where there is nothing to learn from, such as
 * `no-values` where RFM finds nobody who bought.
 */
export function learn(
  definition: Segmentation,
  rows: readonly unknown[],
  asOf: Date,
  { zone = 'UTC', before = null, attributes }: LearnContext = {},
): Model {
  if (definition.method === 'lifetime_value' || definition.method === 'churn') {
    const today = Date.parse(localDay({ asOf, zone })) / 86_400_000;
    return learnPurchases(definition, rows, asOf, today);
  }
  if (definition.method === 'clusters') return learnGroups(definition, rows, asOf, before);
  if (definition.method === 'scorecard') return learnCard(definition, rows, asOf);
  if (definition.method === 'lookalike') return learnLikeness(definition, rows, asOf);
  const histograms = readHistograms(rows);
  const find = (name: string): Histogram => histograms.get(name) ?? { values: [], counts: [] };
  const at = asOf.toISOString();
  if (definition.method === 'rfm') {
    const { cutPoints, warnings } = learnRfm(
      { recency: find('recency'), frequency: find('frequency'), monetary: find('monetary') },
      { map: { key: definition.key, name: definition.name, segments: definition.segments } },
    );
    return { method: 'rfm', asOf: at, cutPoints, warnings };
  }
  const cutPoints: Record<string, number | null> = {};
  if (definition.method === 'tiers') {
    if (typeof definition.of === 'object' && 'score' in definition.of && find('of').values.length === 0)
      throw noScores(definition.key, definition.of.score);
    for (const { key, topPercent } of definition.segments) {
      if (topPercent !== undefined) cutPoints[key] = percentileCut(find('of'), topPercent, 'top');
    }
  } else {
    const asked = attributes ? fedPercentiles(definition, attributes) : percentilesOf(definition);
    for (const percentile of asked) {
      const from = percentile.operator === 'topPercent' ? 'top' : 'bottom';
      const key = percentileKey(percentile);
      cutPoints[key] = percentileCut(find(key), percentile.percent, from);
    }
  }
  const warnings = Object.entries(cutPoints).flatMap(([name, cut]) =>
    cut === null ? [`${name}: nobody, because too many share a value or no value is known.`] : [],
  );
  return { method: definition.method, asOf: at, cutPoints, warnings };
}

/** Its segmentation has not learned yet, or does not fit the data; to divide nobody now would stay so for long. */
const noScores = (segmentation: string, score: string): InputError =>
  new InputError('no-values', `${segmentation}: nobody has a score ${score} yet.`, {
    action: `Wait until ${score.split('.')[0]} has learned, or see why it gives nobody a score.`,
  });

function readHistograms(rows: readonly unknown[]): Map<string, Histogram> {
  const histograms = new Map<string, Histogram & { upto: number }>();
  for (const row of rows) {
    const { name, value, upto } = LearnRow.parse(row);
    const histogram = histograms.get(name) ?? { values: [], counts: [], upto: 0 };
    histogram.values.push(value);
    histogram.counts.push(upto - histogram.upto);
    histogram.upto = upto;
    histograms.set(name, histogram);
  }
  return histograms;
}
