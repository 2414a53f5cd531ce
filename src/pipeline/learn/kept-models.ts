import { isDeepStrictEqual } from 'node:util';
import type { Attribute } from '../../model/attribute.ts';
import type { Segmentation } from '../../segmentation/definition.ts';
import type { Model } from '../../segmentation/model.ts';
import { fedPercentiles, percentileKey, percentilesOf } from '../../segmentation/percentile.ts';
import type { Queryable } from '../../store/pool.ts';
import type { Tenant } from '../../store/tenant.ts';
import { learnModel } from './learn.ts';

/** What drafts learned lately: while somebody builds, cut points change only with what they are learned from. */
type Kept = Map<string, { until: number; model: Promise<Model | null> }>;
/** By store: tenants of two have the same ids. */
const keptOf = new WeakMap<Queryable, Kept>();
const KEPT_MS = 10 * 60_000;
const MOST_KEPT = 100;

/** learnModel for drafts of a tenant that are looked at again and again; nothing is stored. */
export function keptModels(tenant: Pick<Tenant, 'id'>): typeof learnModel {
  return (db, definition, request, before) => {
    const kept: Kept = keptOf.get(db) ?? new Map();
    keptOf.set(db, kept);
    const from = request.among === undefined ? 'all' : 'sample';
    const key = JSON.stringify([tenant.id, from, learnedFrom(definition, request.attributes)]);
    const now = Date.now();
    const present = kept.get(key);
    if (present && present.until > now) return present.model;
    const model = learnModel(db, definition, request, before);
    kept.delete(key);
    kept.set(key, { until: now + KEPT_MS, model });
    // Nothing to learn from yet is no answer to keep.
    model.catch(() => kept.delete(key));
    const [oldest] = kept.keys();
    if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest);
    return model;
  };
}

/** Would both learn the same from the same data? */
export const learnAlike = (one: Segmentation, other: Segmentation): boolean =>
  one.method === other.method && isDeepStrictEqual(learnedFrom(one), learnedFrom(other));

/** Of rules, the percentiles alone, of what is fed where that is given; of other methods all but what only people read. */
function learnedFrom(definition: Segmentation, attributes?: readonly Attribute[]): unknown {
  if (definition.method === 'rules')
    return (attributes ? fedPercentiles(definition, attributes) : percentilesOf(definition)).map(
      percentileKey,
    );
  const { name: _name, goal: _goal, description: _description, owner: _owner, ...rest } = definition;
  const segments = rest.segments.map(
    ({ play: _play, description: _said, name: _called, ...segment }) => segment,
  );
  return { ...rest, segments };
}
