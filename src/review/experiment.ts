import { createHash } from 'node:crypto';
import { z } from 'zod';
import { InputError } from '../errors.ts';
import { Key } from '../model/attribute.ts';
import {
  compareProportions,
  type ProportionTest,
  sampleRatio,
  sampleSizePerArm,
} from '../segmentation/statistics/proportions.ts';
import { MIN_GROUP } from './facts.ts';

const Share = z.number().gt(0).lt(1);

/** Whether a segment's play does anything: a share of the members is left out of it, and both parts are compared. */
export const Experiment = z.strictObject({
  key: Key.describe('Permanent; part of the hash that assigns people.'),
  segmentation: z.string(),
  segment: z.string(),
  kind: z
    .enum(['holdout', 'pilot'])
    .default('holdout')
    .describe('Holdout: the share goes without the play. Pilot: only the share gets it.'),
  on: z
    .enum(['play', 'write_back'])
    .default('play')
    .describe(
      'Play: lists and campaigns leave them out, the label stays. Write-back: the label is not shown either.',
    ),
  share: Share.default(0.1).describe('Of the members.'),
  base: Share.describe('How many buy within the horizon without the play, as you expect.'),
  target: Share.describe('How many would have to buy with it, for it to be worth its while.'),
  horizonDays: z.int().min(1).max(400).describe('Days from the start until the parts are compared, once.'),
});
export type Experiment = z.infer<typeof Experiment>;
export type NewExperiment = z.input<typeof Experiment>;

export type ArmName = 'treated' | 'holdout';

/** The share of the members who go without. */
export function heldOutShare({ kind, share }: Pick<Experiment, 'kind' | 'share'>): number {
  return kind === 'holdout' ? share : 1 - share;
}

const PARTS = 10_000;

/** So many of the 10,000 parts of the hash go without. */
export function heldOutParts(experiment: Pick<Experiment, 'kind' | 'share'>): number {
  return Math.round(heldOutShare(experiment) * PARTS);
}

/** The arm of a subject: the first 32 bits of SHA-256 of `experiment:id`, the same at every look. */
export function armOf(experiment: Pick<Experiment, 'key' | 'kind' | 'share'>, id: string): ArmName {
  const hash = createHash('sha256').update(`${experiment.key}:${id}`, 'utf8').digest();
  return hash.readUInt32BE(0) % PARTS < heldOutParts(experiment) ? 'holdout' : 'treated';
}

/** As armOf, in SQL: is the subject of that id held out? The key is of letters, digits and underscores. */
export function heldOutSql(experiment: Pick<Experiment, 'key' | 'kind' | 'share'>, id: string): string {
  const hash = `encode(sha256(convert_to('${Key.parse(experiment.key)}:' || (${id})::text, 'UTF8')), 'hex')`;
  return `((('x' || left(${hash}, 8))::bit(32)::bigint % ${PARTS}) < ${heldOutParts(experiment)})`;
}

export type SamplePlan = {
  /** Members that each arm needs, to find that difference four times out of five (5 % two-sided). */
  perArm: number;
  /** Members that the segment needs at that share. */
  needed: number;
  members: number;
  enough: boolean;
};

export function planSample(
  experiment: Pick<Experiment, 'kind' | 'share' | 'base' | 'target'>,
  members: number,
): SamplePlan {
  const perArm = Math.ceil(sampleSizePerArm(experiment.base, experiment.target));
  const smaller = Math.min(experiment.share, 1 - experiment.share);
  const needed = Math.ceil(perArm / smaller);
  return { perArm, needed, members, enough: members >= needed };
}

export type ArmCounts = { members: number; bought: number };

export type ExperimentResult = {
  /** Sizes of the arms, told at any time. */
  treated: number;
  holdout: number;
  /** Did the arms get the sizes that were planned? */
  ratio: ReturnType<typeof sampleRatio> | null;
  ends: Date;
  /** Early: the horizon is not reached, and nothing is told, as looking early finds what is not there. */
  verdict: 'early' | 'mismatch' | 'too_few' | 'better' | 'worse' | 'no_difference';
  /** Rates, lift and interval; null before the horizon, and where an arm is under 10. */
  test: (ProportionTest & { treatedRate: number; holdoutRate: number }) | null;
};

/** Reads an experiment: sizes at any time, rates and a verdict once, at the horizon. */
export function readResult(
  experiment: Experiment,
  arms: Record<ArmName, ArmCounts>,
  { ends, asOf }: { ends: Date; asOf: Date },
): ExperimentResult {
  const { treated, holdout } = arms;
  const held = heldOutShare(experiment);
  const ratio =
    treated.members + holdout.members === 0
      ? null
      : sampleRatio([treated.members, holdout.members], [1 - held, held]);
  const sizes = { treated: treated.members, holdout: holdout.members, ratio, ends };
  if (asOf < ends) return { ...sizes, verdict: 'early', test: null };
  if (Math.min(treated.members, holdout.members) < MIN_GROUP)
    return { ...sizes, verdict: 'too_few', test: null };
  const compared = compareProportions(
    { successes: treated.bought, trials: treated.members },
    { successes: holdout.bought, trials: holdout.members },
  );
  if (compared === null) return { ...sizes, verdict: 'too_few', test: null };
  const test = {
    ...compared,
    treatedRate: treated.bought / treated.members,
    holdoutRate: holdout.bought / holdout.members,
  };
  if (ratio?.mismatch) return { ...sizes, verdict: 'mismatch', test };
  if (compared.tooFew) return { ...sizes, verdict: 'too_few', test };
  if (compared.pValue >= 0.05) return { ...sizes, verdict: 'no_difference', test };
  return { ...sizes, verdict: compared.difference > 0 ? 'better' : 'worse', test };
}

/** @throws InputError where a label may not be held back, or a list would not heed the holdout */
export function refuseExperiment(experiment: Experiment, use: string, targetKinds: readonly string[]): void {
  if (experiment.on === 'write_back' && ['service', 'routing', 'eligibility'].includes(use)) {
    throw new InputError(
      'holdout_refused',
      `Labels of ${experiment.segmentation} are used for ${use}: without them people would be served wrongly. Nothing was started.`,
      { action: 'Hold out the play instead: lists and campaigns leave them out, and the label stays.' },
    );
  }
  const following = targetKinds.filter((kind) => kind === 'dynamic_list' || kind === 'list_view');
  if (experiment.on === 'play' && following.length > 0) {
    throw new InputError(
      'holdout_not_heeded',
      `${experiment.segmentation} has lists that the CRM fills from the label itself, so nobody would be left out. Nothing was started.`,
      { action: 'Use manual lists or campaigns for its plays, or hold out the write-back.' },
    );
  }
}
