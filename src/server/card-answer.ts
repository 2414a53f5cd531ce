import { z } from 'zod';
import type { Card, CardRecord } from '../views/card.ts';
import { Instant } from './route.ts';

/** What the cards in both CRMs read; they check it against the same shape. */
export const CardAnswer = z.object({
  state: z.enum(['labelled', 'unlabelled', 'unknown', 'not_profiled']),
  name: z.string().nullable(),
  segmentations: z.array(
    z.object({
      key: z.string(),
      name: z.string(),
      labels: z.array(
        z.object({
          key: z.string(),
          name: z.string(),
          since: Instant.nullable(),
          why: z.array(z.string()),
          play: z
            .object({
              channel: z.string().optional(),
              message: z.string().optional(),
              offer: z.string().optional(),
              owner: z.string().optional(),
            })
            .nullable(),
        }),
      ),
    }),
  ),
  scores: z.array(z.object({ name: z.string(), value: z.string(), meaning: z.string().nullable() })),
  asOf: Instant.nullable(),
  lastRun: z.object({ endedAt: Instant.nullable(), state: z.string() }).nullable(),
  /** This record in the workspace. */
  url: z.string(),
});
export type CardAnswer = z.infer<typeof CardAnswer>;

export function cardAnswer(publicUrl: string, system: string, record: CardRecord, card: Card): CardAnswer {
  const path = ['records', system, record.object, record.recordId].map(encodeURIComponent).join('/');
  return CardAnswer.parse({ ...card, url: `${publicUrl}/${path}` });
}
