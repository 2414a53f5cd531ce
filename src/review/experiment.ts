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
import {
  type EventDay,
  type SequentialTest,
  sequentialInflation,
  sequentialTest,
} from '../segmentation/statistics/sequential.ts';
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
  horizonDays: z.int().min(1).max(400).describe('Days from the start until the parts are compared.'),
  looks: z
    .enum(['once', 'any_time'])
    .default('once')
    .describe(
      'Once: compared at the horizon, and nothing is told before. Any time: a test that stays right however often somebody looks; takes about twice the members.',
    ),
});
export type Experiment = z.infer<typeof Experiment>;
export type NewExperiment = z.input<typeof Experiment>;

export type ArmName = 'treated' | 'holdout';

/** The share of the members who go without. */
function heldOutShare({ kind, share }: Pick<Experiment, 'kind' | 'share'>): number {
  return kind === 'holdout' ? share : 1 - share;
}

const PARTS = 10_000;

/** So many of the 10,000 parts of the hash go without. */
function heldOutParts(experiment: Pick<Experiment, 'kind' | 'share'>): number {
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
  /** Members that each arm needs, to find that difference by the horizon four times out of five (5 % two-sided). */
  perArm: number;
  /** Members that the segment needs at that share. */
  needed: number;
  members: number;
  enough: boolean;
};

export function planSample(
  experiment: Pick<Experiment, 'kind' | 'share' | 'base' | 'target' | 'looks'>,
  members: number,
): SamplePlan {
  const price = experiment.looks === 'any_time' ? sequentialInflation() : 1;
  const perArm = Math.ceil(sampleSizePerArm(experiment.base, experiment.target) * price);
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
  /**
   * Early: the horizon is not reached; with one look nothing is told, as looking early finds what is not there, and
   * with any number of looks nothing is found yet.
   */
  verdict: 'early' | 'mismatch' | 'too_few' | 'better' | 'worse' | 'no_difference';
  /** Rates, lift and interval; null before the horizon where there is one look, and where an arm is under 10. */
  test: (ProportionTest & { treatedRate: number; holdoutRate: number }) | null;
  /** What decides where anybody may look at any time; null otherwise, and where an arm is under 10. */
  sequential: SequentialTest | null;
};

/** How many of each arm bought for the first time since the start, by day. */
export type BoughtOn = { day: string; treated: number; holdout: number };

/** Reads an experiment: sizes at any time, rates and a verdict once, at the horizon, or whenever they can be told. */
export function readResult(
  experiment: Experiment,
  arms: Record<ArmName, ArmCounts>,
  { ends, asOf, days = [] }: { ends: Date; asOf: Date; days?: readonly BoughtOn[] },
): ExperimentResult {
  const { treated, holdout } = arms;
  const held = heldOutShare(experiment);
  const ratio =
    treated.members + holdout.members === 0
      ? null
      : sampleRatio([treated.members, holdout.members], [1 - held, held]);
  const sizes = { treated: treated.members, holdout: holdout.members, ratio, ends };
  const isEarly = asOf < ends;
  const canLook = experiment.looks === 'any_time';
  const untold = { ...sizes, test: null, sequential: null };
  if (isEarly && !canLook) return { ...untold, verdict: 'early' };
  const compared =
    Math.min(treated.members, holdout.members) < MIN_GROUP
      ? null
      : compareProportions(
          { successes: treated.bought, trials: treated.members },
          { successes: holdout.bought, trials: holdout.members },
        );
  if (compared === null) return { ...untold, verdict: isEarly ? 'early' : 'too_few' };
  const test = {
    ...compared,
    treatedRate: treated.bought / treated.members,
    holdoutRate: holdout.bought / holdout.members,
  };
  const sequential = canLook ? lookAt(experiment, arms, days) : null;
  const told = { ...sizes, test, sequential };
  if (ratio?.mismatch) return { ...told, verdict: 'mismatch' };
  if (sequential === null && compared.tooFew) return { ...told, verdict: 'too_few' };
  if ((sequential ?? compared).pValue < 0.05)
    return { ...told, verdict: compared.difference > 0 ? 'better' : 'worse' };
  return { ...told, verdict: isEarly ? 'early' : 'no_difference' };
}

/** The always valid test on the days so far. */
function lookAt(
  { base, target }: Experiment,
  { treated, holdout }: Record<ArmName, ArmCounts>,
  days: readonly BoughtOn[],
): SequentialTest {
  let [left, others] = [treated.members, holdout.members];
  const events = days.map((day): EventDay => {
    const atRisk: [number, number] = [left, others];
    left -= day.treated;
    others -= day.holdout;
    return { atRisk, events: [day.treated, day.holdout] };
  });
  return sequentialTest(events, Math.log(1 - target) / Math.log(1 - base));
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
      {
        action:
          'Hold the label back too: choose “The label too” on screen, or add --write-back to the command. Or use manual lists or campaigns for its plays.',
      },
    );
  }
}
