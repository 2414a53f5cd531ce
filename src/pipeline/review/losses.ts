import { nameOfAttribute, nameOfColumn } from '../../segmentation/attribute-names.ts';
import { compilePlans, learns, type Plan } from '../../segmentation/compile.ts';
import { hasCutPoints } from '../../segmentation/percentile.ts';
import { references } from '../../segmentation/references.ts';
import { newestModels } from '../../store/models.ts';
import type { Queryable } from '../../store/pool.ts';
import { readRequest } from '../publish/plans.ts';
import { refusesProfiling } from '../push/desired.ts';
import { type Need, needsOf } from './needs.ts';
import { findReviewed, type ReviewScene } from './scene.ts';

/** What one segment loses to one attribute that is not known. */
export type AttributeLoss = {
  /** `country` or `company.industry`. */
  attribute: string;
  name: string;
  /** Subjects who can't be placed, with this attribute unknown. */
  undecided: number;
  /** Of those for whom it is known, the share that the segment holds for. */
  rate: number | null;
  /** How many would enter if they were like those for whom it is known. */
  expected: number;
};

/** Subjects of whom nobody can say whether a segment holds for them. */
export type SegmentLoss = {
  segmentation: string;
  segment: string;
  subject: 'person' | 'company';
  subjects: number;
  undecided: number;
  attributes: AttributeLoss[];
  /** Attributes that nothing feeds: it can't be worked out for anybody. */
  missing: string[];
  /** The same by their names for people. */
  missingNames: string[];
};

/** What segments lose to missing data, of one segmentation or all; one that has not learned yet is left out. */
export async function readLosses(db: Queryable, scene: ReviewScene, key?: string): Promise<SegmentLoss[]> {
  const { request } = await readRequest(db, scene.tenant, scene.asOf);
  const models = await newestModels(db, scene.tenant);
  const plans = scene.published.map(({ definition, version }): Plan => {
    const learned = models.get(definition.key);
    const isInForce =
      learned?.definitionVersion === version && hasCutPoints(definition, learned.model, request.attributes);
    return { definition, model: isInForce ? learned.model : null };
  });
  const wanted = key === undefined ? null : findReviewed(scene, key).key;
  const losses: SegmentLoss[] = [];
  for (const plan of plans) {
    if (wanted !== null && plan.definition.key !== wanted) continue;
    const set: [Plan, ...Plan[]] = [plan, ...scoredBy(plan, plans)];
    if (set.some(({ definition, model }) => learns(definition) && model === null)) continue;
    losses.push(...(await readLossesOf(db, scene, set, request)));
  }
  return losses;
}

/** Segmentations whose scores its conditions read: they are worked out beside it. */
function scoredBy({ definition }: Plan, plans: readonly Plan[]): Plan[] {
  const keys = new Set(
    [...references(definition)].flatMap((one) =>
      one.kind === 'score' ? (one.name.split('.')[0] ?? []) : [],
    ),
  );
  return plans.filter((other) => keys.has(other.definition.key) && other.definition.key !== definition.key);
}

type Request = Awaited<ReturnType<typeof readRequest>>['request'];

async function readLossesOf(
  db: Queryable,
  scene: ReviewScene,
  plans: readonly [Plan, ...Plan[]],
  request: Request,
): Promise<SegmentLoss[]> {
  const [plan] = plans;
  const { definition } = plan;
  const { subject } = definition;
  const compiled = compilePlans({ ...request, subject, segmentations: plans, restrict: 'all' });
  const needs = definition.segments.map((_, i) => needsOf(scene, definition, i));
  const attributes = [
    ...new Map(needs.flatMap((one) => one.needs).map((need) => [need.name, need])).values(),
  ];
  const refused = subject === 'person' ? refusesProfiling(scene.attributes, 'g') : 'false';
  // `t`: does the segment hold; `k`: is the attribute known.
  // The labels are not read, so they cost nothing; their keys are bound, so the statement must name them.
  const labels = compiled.columns.map(({ sql, column }) => `${sql} as ${column}`);
  const truths = definition.segments.map((_, i) => `(${compiled.conditionOf(plan, i)}) as t${i}`);
  const known = attributes.map(({ attribute }, j) => {
    const { owner, key } = attribute;
    const operand = owner === subject ? compiled.base.own(key) : compiled.base.ofCompany(key);
    return `(${operand.sql} is not null) as k${j}`;
  });
  const counts = definition.segments.flatMap((_, i) => {
    // With one label each, a segment that comes before and holds has decided already.
    const earlier =
      definition.labels === 'one' ? Array.from({ length: i }, (__, before) => `t${before} is not true`) : [];
    const open = [`t${i} is null`, ...earlier].join(' and ');
    // An unknown that no attribute explains is an answer: no first order where nothing was bought.
    const gaps = attributes.flatMap((need, j) => (isNeeded(needs[i]?.needs, need) ? [`not k${j}`] : []));
    const lacking = gaps.length === 0 ? 'false' : `(${gaps.join(' or ')})`;
    return [
      `count(*) filter (where ${open} and ${lacking})::int as open${i}`,
      ...attributes.flatMap((need, j) =>
        isNeeded(needs[i]?.needs, need)
          ? [
              `count(*) filter (where ${open} and not k${j})::int as lost${i}_${j}`,
              `count(*) filter (where k${j})::int as known${i}_${j}`,
              `count(*) filter (where k${j} and t${i})::int as held${i}_${j}`,
            ]
          : [],
      ),
    ];
  });
  const { rows } = await db.query<Record<string, number>>(
    `select count(*)::int as subjects, ${counts.join(', ')}
     from (select ${['l.id', ...labels, ...truths, ...known].join(', ')} from (${compiled.nested()}) l offset 0) l
     ${refused === 'false' ? '' : `join ${scene.tenant.schema}.${subject} g on g.id = l.id and not ${refused}`}`,
    compiled.base.bindings.values,
  );
  const read = (name: string): number => rows[0]?.[name] ?? 0;
  return definition.segments.map(({ key }, i): SegmentLoss => {
    const missing = needs[i]?.missing ?? [];
    return {
      segmentation: definition.key,
      segment: key,
      subject,
      subjects: read('subjects'),
      undecided: missing.length > 0 ? read('subjects') : read(`open${i}`),
      missing,
      missingNames: missing.map((one) => nameOfColumn(one, subject)),
      attributes: attributes.flatMap((need, j): AttributeLoss[] => {
        const undecided = read(`lost${i}_${j}`);
        if (!isNeeded(needs[i]?.needs, need) || undecided === 0) return [];
        const rate = read(`known${i}_${j}`) === 0 ? null : read(`held${i}_${j}`) / read(`known${i}_${j}`);
        const name = nameOfAttribute(need.attribute, subject, [need.attribute]);
        return [{ attribute: need.name, name, undecided, rate, expected: undecided * (rate ?? 0) }];
      }),
    };
  });
}

const isNeeded = (needs: readonly Need[] | undefined, { name }: Need): boolean =>
  needs?.some((need) => need.name === name) ?? false;
