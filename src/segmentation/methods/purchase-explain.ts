import { showShare } from '../../model/share-words.ts';
import type { Plan } from '../compile.ts';
import type { Scope } from '../compile-condition.ts';
import type { Drawing, Sketch } from '../explain-sketch.ts';
import type { Topic, Words } from '../explain-words.ts';
import { purchaseModel } from '../methods.ts';
import { showValue } from '../value-words.ts';
import { notApplicable } from './not-applicable.ts';
import { customerOf } from './purchase-compile.ts';
import { dividedScore, type PurchaseSegmentation } from './purchase-definition.ts';
import { whyNotPurchases } from './purchase-learn.ts';

/** The score that decides, beside what it was worked out from. */
export function sketchPurchases(
  definition: PurchaseSegmentation,
  plan: Plan,
  index: number,
  scope: Scope,
  drawing: Drawing,
  truth: string,
): Sketch {
  const model = purchaseModel(definition, plan.model);
  const reason = whyNotPurchases(model);
  if (reason !== null) return notApplicable(reason, truth);
  const holds = drawing.column('t', 'true');
  const fact = (name: string, type: Topic['type'], sql: string, says: string): Sketch => ({
    kind: 'test',
    isFact: true,
    topic: { name, type, isVisible: type !== 'money' },
    threshold: says,
    test: null,
    value: drawing.column('v', `to_json(${sql})`),
    truth: holds,
  });
  const customer = customerOf(definition, scope);
  const score = (name: string): string => scope.score(`${definition.key}.${name}`);
  const topic: Topic =
    definition.method === 'lifetime_value'
      ? { name: `value expected within ${definition.horizon}`, type: 'money', isVisible: false }
      : { name: 'probability of still being a customer', type: 'probability', isVisible: true };
  const decides: Sketch = {
    kind: 'test',
    topic,
    threshold: tierThreshold(definition, index, model.cutPoints, topic, drawing.words),
    test: null,
    value: drawing.column('v', `to_json(${score(dividedScore[definition.method])})`),
    truth,
  };
  const chance: Sketch[] =
    definition.method === 'churn'
      ? []
      : [
          fact(
            'probability of still being a customer',
            'probability',
            score('p_alive'),
            `confidence ${model.confidence}`,
          ),
        ];
  return {
    kind: 'all',
    parts: [
      decides,
      ...chance,
      fact(
        `purchases expected within ${definition.horizon}`,
        'number',
        score('expected_purchases'),
        `confidence ${model.confidence}`,
      ),
      fact('days with purchases', 'number', customer.days, 'more of them raise the rate'),
      fact('last purchase', 'date', customer.last, 'the longer ago beside the usual gap, the less likely'),
    ],
  };
}

/** What a tier asks for: `at least 70%`, `at least €1,200, the top 10%`. */
export function tierThreshold(
  definition: { segments: readonly { key: string; atLeast?: number; topPercent?: number }[] },
  index: number,
  cutPoints: Readonly<Record<string, number | null>>,
  topic: Topic,
  words: Words,
): string {
  const tier = definition.segments[index];
  const cut = tier?.atLeast ?? cutPoints[tier?.key ?? ''];
  const share = tier?.topPercent === undefined ? '' : `, the top ${showShare(tier.topPercent / 100)}`;
  return cut === undefined || cut === null
    ? 'below the tiers above'
    : `at least ${showValue(cut, topic, words)}${share}`;
}
