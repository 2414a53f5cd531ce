import * as z from 'zod/mini';

// Where code from strings is forbidden, as it may be in HubSpot's worker, even trying it is reported.
z.config({ jitless: true });

const Instant = z.iso.datetime({ offset: true });

const Play = z.object({
  channel: z.optional(z.string()),
  message: z.optional(z.string()),
  offer: z.optional(z.string()),
  owner: z.optional(z.string()),
});
export type Play = z.infer<typeof Play>;

const Label = z.object({
  key: z.string(),
  name: z.string(),
  since: z.nullable(Instant),
  /** Sentences: each names a condition, the value seen and the threshold. */
  why: z.array(z.string()),
  play: z.nullable(Play),
});
export type Label = z.infer<typeof Label>;

const Segmentation = z.object({ key: z.string(), name: z.string(), labels: z.array(Label) });
export type Segmentation = z.infer<typeof Segmentation>;

const Score = z.object({ name: z.string(), value: z.string(), meaning: z.nullable(z.string()) });
export type Score = z.infer<typeof Score>;

/** What the workspace answers about one record. */
export const CardAnswer = z.object({
  /**
   * labelled: in one segment at least. unlabelled: in none. unknown: not read yet. not_profiled: an objection, or an
   * erasure, keeps it out of all of them.
   */
  state: z.enum(['labelled', 'unlabelled', 'unknown', 'not_profiled']),
  name: z.nullable(z.string()),
  segmentations: z.array(Segmentation),
  scores: z.array(Score),
  /** The instant that the labels are true of. */
  asOf: z.nullable(Instant),
  lastRun: z.nullable(z.object({ endedAt: z.nullable(Instant), state: z.string() })),
  /** This record in the workspace. */
  url: z.url(),
});
export type CardAnswer = z.infer<typeof CardAnswer>;
