import type { Plan } from './compile.ts';
import { compileCondition, type Scope } from './compile-condition.ts';
import {
  compileRfmAreas,
  compileRfmScores,
  compileTiers,
  rfmScores,
  tierConditions,
} from './compile-scores.ts';
import type { Segmentation } from './definition.ts';
import {
  clusterScores,
  clustersModel,
  compileClusterScores,
  compileClusters,
} from './methods/cluster-compile.ts';
import { compileLikeness, compileLookalikes, lookalikeModel, lookalikeScores } from './methods/lookalike.ts';
import { compilePurchaseScores, dividedPurchases } from './methods/purchase-compile.ts';
import {
  type PurchaseModel,
  type PurchaseSegmentation,
  purchaseScores,
} from './methods/purchase-definition.ts';
import { whyNotPurchases } from './methods/purchase-learn.ts';
import {
  compileGrades,
  compileScorecard,
  scorecardModel,
  scorecardScores,
} from './methods/scorecard-compile.ts';
import type { Model } from './model.ts';
import { modelMissing } from './model-missing.ts';

/** Methods whose segments are worked out together, from numbers; those of rules stand each for itself. */
export type Scored = Exclude<Segmentation, { method: 'rules' }>;

/** The scores that a segmentation gives each subject, by name; rules may use them. */
export function scoreNames(definition: Segmentation): readonly string[] {
  switch (definition.method) {
    case 'rules':
    case 'tiers':
      return [];
    case 'rfm':
      return rfmScores;
    case 'lifetime_value':
    case 'churn':
      return purchaseScores[definition.method];
    case 'clusters':
      return clusterScores;
    case 'scorecard':
      return scorecardScores;
    case 'lookalike':
      return lookalikeScores;
  }
}

/** SQL of each score. */
export function compileScores({ definition, model }: Plan, scope: Scope): Record<string, string> {
  switch (definition.method) {
    case 'rules':
    case 'tiers':
      return {};
    case 'rfm':
      return compileRfmScores(definition, rfmCutPoints(definition, model), scope);
    case 'lifetime_value':
    case 'churn':
      return compilePurchaseScores(definition, purchaseModel(definition, model), scope);
    case 'clusters':
      return compileClusterScores(definition, clustersModel(definition, model), scope);
    case 'scorecard':
      return compileScorecard(definition, scorecardModel(definition, model), scope);
    case 'lookalike':
      return compileLikeness(definition, lookalikeModel(definition, model), scope);
  }
}

/** SQL of each segment's condition, in the order of the definition; the first that holds wins. */
export function compileScored(definition: Scored, model: Model | null, scope: Scope): string[] {
  switch (definition.method) {
    case 'rfm':
      return compileRfmAreas(definition, scope);
    case 'tiers': {
      const among = definition.among === undefined ? null : compileCondition(definition.among, scope);
      return compileTiers(definition, model, scope, among);
    }
    case 'lifetime_value':
    case 'churn': {
      const own = purchaseModel(definition, model);
      const score = dividedPurchases(definition, own, scope);
      if (score === null) return definition.segments.map(() => 'false');
      return tierConditions(definition.segments, own.cutPoints, { sql: score, type: 'number' }, scope, null);
    }
    case 'clusters':
      return compileClusters(definition, clustersModel(definition, model), scope);
    case 'scorecard':
      return compileGrades(definition, scorecardModel(definition, model), scope);
    case 'lookalike':
      return compileLookalikes(definition, lookalikeModel(definition, model), scope);
  }
}

/** Why a model gives nobody a label although it was learned; null where it does. */
export function whyNobody(model: Model): string | null {
  switch (model.method) {
    case 'lifetime_value':
    case 'churn':
      return whyNotPurchases(model);
    case 'scorecard':
    case 'lookalike':
      return model.reason;
    default:
      return null;
  }
}

function rfmCutPoints(
  definition: Extract<Segmentation, { method: 'rfm' }>,
  model: Model | null,
): { recency: number[]; frequency: number[]; monetary: number[] } {
  if (definition.cutPoints !== undefined) return definition.cutPoints;
  if (model?.method === 'rfm') return model.cutPoints;
  throw modelMissing(definition);
}

export function purchaseModel(definition: PurchaseSegmentation, model: Model | null): PurchaseModel {
  if (model?.method === definition.method) return model;
  throw modelMissing(definition);
}
