import { DateTime } from 'luxon';
import type { Json } from '../../../connectors/contract.ts';
import { AppError } from '../../errors.ts';
import { learns, type Plan } from '../../segmentation/compile.ts';
import type { Segmentation } from '../../segmentation/definition.ts';
import { type LearnRequest, learn, planLearn } from '../../segmentation/learn.ts';
import { inLearnOrder } from '../../segmentation/learn-order.ts';
import { whyNobody } from '../../segmentation/methods.ts';
import type { Model } from '../../segmentation/model.ts';
import { hasCutPoints } from '../../segmentation/percentile.ts';
import { addModel, type ModelRow, newestModels } from '../../store/models.ts';
import type { Queryable } from '../../store/pool.ts';
import { pinModel } from '../../store/runs.ts';
import { listVersions } from '../../store/segmentations.ts';
import { readGate, whyRefused } from '../label/sensitive-gate.ts';
import { readRequest, unfed } from '../publish/plans.ts';
import type { SliceResult, StageContext } from '../stage.ts';
import { fenced } from '../with-leases.ts';
import { learnAway } from './learn-away.ts';

/**
 * Learns the models that are due, one after the other, and pins them for this run: those never learned, those of
 * another definition or without an attribute that is fed since, those whose rhythm is up, or all where the run asks
 * for it.
 */
export async function learnSlice(work: StageContext, position: Json): Promise<SliceResult> {
  const counts: Record<string, number> = {};
  const { pool, tenant, run } = work;
  if (run.options.dirtyOnly) return { position, done: true, counts };
  const definitions = await listVersions(
    pool,
    tenant,
    Object.entries(run.pins).map(([key, { definition }]) => ({ key, version: definition })),
  );
  const models = await newestModels(pool, tenant);
  const { request } = await readRequest(pool, tenant, run.asOf);
  const gate = await readGate(pool, tenant, run.asOf);
  // Those whose scores can be worked out, for those that build on them.
  const ready = new Map(
    definitions.flatMap(({ key, version, definition }): [string, Plan][] => {
      const learned = models.get(key);
      const model = learned?.definitionVersion === version ? learned.model : null;
      return learns(definition) && model === null ? [] : [[key, { definition, model }]];
    }),
  );
  for (const { key, version, definition } of inLearnOrder(definitions)) {
    const present = models.get(key);
    // It keeps its labels; readPlans says why.
    if (whyRefused(definition, gate) !== null) continue;
    if (!learns(definition)) continue;
    const isWhole = present !== undefined && hasCutPoints(definition, present.model, request.attributes);
    if (isWhole && !isDue(definition, version, present, work)) continue;
    if (performance.now() >= work.deadline || work.signal.aborted) return { position, done: false, counts };
    if (unfed(definition, request.attributes) !== null) {
      counts.waiting = (counts.waiting ?? 0) + 1;
      continue;
    }
    const others = [...ready.values()];
    const model = await tryLearn(work, definition, { ...request, others }, present?.model ?? null);
    if (model === null) {
      counts.waiting = (counts.waiting ?? 0) + 1;
      continue;
    }
    const reason = whyNobody(model);
    await fenced(work, async (client) => {
      const learned = {
        segmentation: key,
        definitionVersion: version,
        asOf: run.asOf,
        model,
        notApplicable: reason,
      };
      const modelVersion = await addModel(client, tenant, learned);
      await pinModel(client, tenant, run.id, key, { definition: version, model: modelVersion });
    });
    ready.set(key, { definition, model });
    counts.learned = (counts.learned ?? 0) + 1;
    if (reason !== null) {
      counts.not_applicable = (counts.not_applicable ?? 0) + 1;
      work.log.warn({ segmentation: key, reason }, 'the model does not fit: nobody gets a label');
    }
  }
  return { position, done: true, counts };
}

function isDue(
  definition: Segmentation,
  version: number,
  present: ModelRow,
  { run, tenant }: StageContext,
): boolean {
  if (present.definitionVersion !== version) return true;
  // A slice that is done again finds its own model.
  if (present.asOf.getTime() === run.asOf.getTime()) return false;
  if (run.options.learn) return true;
  const [, amount = '1', unit = 'month'] = /^every (\d+) (\w+?)s?$/.exec(definition.learn) ?? [];
  const due = DateTime.fromJSDate(present.asOf, { zone: tenant.zone }).plus({ [unit]: Number(amount) });
  return due.toMillis() <= run.asOf.getTime();
}

/** Null where nothing was learned, as a rule for want of data: the labels stay as they are, and other segmentations go on. */
async function tryLearn(
  work: StageContext,
  definition: Segmentation,
  request: LearnRequest,
  before: Model | null,
): Promise<Model | null> {
  try {
    return await learnModel(work.pool, definition, request, before);
  } catch (error) {
    if (!(error instanceof AppError) || error.retryable) throw error;
    const level = error.code === 'unexpected' ? 'error' : 'warn';
    work.log[level](
      { segmentation: definition.key, code: error.code, err: error },
      'nothing was learned; the labels stay as they are',
    );
    return null;
  }
}

/** Cut points take no time; everything else is fitted. */
export function isLight({ method }: Segmentation): boolean {
  return method === 'rules' || method === 'tiers' || method === 'rfm';
}

/**
 * A model of the data as it is now; nothing is stored.
 * @param before the model in force, whose names of groups are kept where they still fit
 */
export async function learnModel(
  db: Queryable,
  definition: Segmentation,
  request: LearnRequest,
  before: Model | null = null,
): Promise<Model | null> {
  const statement = planLearn(definition, request);
  if (statement === null) return null;
  const { rows } = await db.query(statement.sql, statement.values);
  const context = { zone: request.zone, before };
  const { asOf, attributes } = request;
  return isLight(definition)
    ? learn(definition, rows, asOf, { ...context, attributes })
    : learnAway({ definition, rows, asOf, context });
}
