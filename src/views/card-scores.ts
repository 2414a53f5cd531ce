import { showShare } from '../model/share-words.ts';
import type { Segmentation } from '../segmentation/definition.ts';

export type CardScore = { name: string; value: string; meaning: string | null };

type Form = { name: string; meaning: string | null; show(value: number): string };

const ofFive = (value: number): string => `${Math.round(value)} of 5`;

/** Scores that help whoever talks to the customer. Amounts of money are not among them: reps may not see them. */
const FORMS: Record<string, Form> = {
  recency: { name: 'Recency', meaning: 'How lately they bought; 5 is best', show: ofFive },
  frequency: { name: 'Frequency', meaning: 'How often they bought; 5 is best', show: ofFive },
  monetary: { name: 'Value', meaning: 'How much they bought; 5 is best', show: ofFive },
  p_alive: { name: 'Still a customer', meaning: 'How likely they are to buy again', show: showShare },
  expected_purchases: {
    name: 'Expected purchases',
    meaning: 'In the time that the segment set looks ahead',
    show: (value) => value.toFixed(1),
  },
  next_purchase_days: {
    name: 'Next purchase',
    meaning: 'If they are still a customer',
    show: (value) => `in about ${Math.round(value)} days`,
  },
  points: {
    name: 'Points',
    meaning: 'What they have in common with won deals',
    show: (value) => String(Math.round(value)),
  },
  probability: { name: 'Probability', meaning: null, show: showShare },
  likeness: { name: 'Likeness', meaning: 'How much they are like the members', show: showShare },
};

export function cardScores(definition: Segmentation, scores: Record<string, number | null>): CardScore[] {
  return Object.entries(scores).flatMap(([score, value]) => {
    const form = FORMS[score];
    if (form === undefined || value === null) return [];
    return [{ name: `${definition.name}: ${form.name}`, value: form.show(value), meaning: form.meaning }];
  });
}
