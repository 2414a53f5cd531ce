import { describe, expect, it, test } from 'vitest';
import { armOf, Experiment, planSample, readResult, refuseExperiment } from '../../src/review/experiment.ts';

const experiment = (more: Record<string, unknown> = {}): Experiment =>
  Experiment.parse({
    key: 'free_delivery',
    segmentation: 'shop',
    segment: 'loyal',
    share: 0.5,
    base: 0.1,
    target: 0.12,
    horizonDays: 30,
    ...more,
  });
const ids = Array.from({ length: 20_000 }, (_, i) => String(i + 1));
const heldOut = (given: Experiment) => ids.filter((id) => armOf(given, id) === 'holdout');

describe('arms', () => {
  it('get the shares that were asked for, and keep their people', () => {
    const held = heldOut(experiment({ share: 0.2 }));
    expect(held.length / ids.length).toBeCloseTo(0.2, 1);
    expect(heldOut(experiment({ share: 0.2 }))).toEqual(held);
  });

  it('of a pilot are the other way round', () => {
    expect(heldOut(experiment({ kind: 'pilot', share: 0.2 })).length / ids.length).toBeCloseTo(0.8, 1);
  });

  it('of two experiments do not depend on each other', () => {
    const other = new Set(heldOut(experiment({ key: 'other' })));
    const both = heldOut(experiment()).filter((id) => other.has(id));
    expect(both.length / ids.length).toBeCloseTo(0.25, 1);
  });
});

describe('the sample', () => {
  it('is that of the smaller arm', () => {
    expect(planSample(experiment(), 7_682)).toEqual({
      perArm: 3_841,
      needed: 7_682,
      members: 7_682,
      enough: true,
    });
    expect(planSample(experiment({ share: 0.1 }), 7_682)).toMatchObject({ needed: 38_410, enough: false });
  });
});

test('looking at any time takes about twice the sample', () => {
  const { perArm } = planSample(experiment({ looks: 'any_time' }), 20_000);
  expect(perArm / 3_841).toBeCloseTo(1.94, 1);
});

describe('a result that may be looked at on any day', () => {
  const given = experiment({ looks: 'any_time', base: 0.1, target: 0.2 });
  const [asOf, ends] = [new Date('2026-01-10'), new Date('2026-01-31')];
  const counts = (treated: number, holdout: number, members = 1_000) => ({
    treated: { members, bought: treated },
    holdout: { members, bought: holdout },
  });
  const look = (treated: number, holdout: number, at = asOf, members = 1_000) =>
    readResult(given, counts(treated, holdout, members), {
      ends,
      asOf: at,
      days: [{ day: '2026-01-05', treated, holdout }],
    });

  it('tells what it found before the horizon', () => {
    expect(look(200, 100)).toMatchObject({ verdict: 'better', sequential: { events: 300 } });
    expect(look(100, 200).verdict).toBe('worse');
  });

  it('asks for more than one look does: it is early where an ordinary test would tell', () => {
    const { verdict, test: ordinary } = look(66, 42);
    expect(ordinary?.pValue).toBeLessThan(0.05);
    expect(verdict).toBe('early');
    expect(look(66, 42, ends).verdict).toBe('no_difference');
  });

  it('says nothing of a handful', () => {
    expect(look(5, 0, asOf, 9)).toMatchObject({ verdict: 'early', test: null, sequential: null });
  });
});

describe('a result', () => {
  const started = new Date('2026-01-01');
  const ends = new Date('2026-01-31');
  const arms = (treated: number, holdout: number, of = 1_000) => ({
    treated: { members: of, bought: treated },
    holdout: { members: 1_000, bought: holdout },
  });

  it('tells sizes before the horizon, and nothing of what people did', () => {
    const result = readResult(experiment(), arms(500, 10), { ends, asOf: started });
    expect(result).toMatchObject({
      verdict: 'early',
      test: null,
      treated: 1_000,
      ratio: { mismatch: false },
    });
  });

  it.each([
    ['better', arms(150, 100)],
    ['worse', arms(100, 150)],
    ['no_difference', arms(120, 100)],
    ['mismatch', arms(150, 100, 1_200)],
    ['too_few', { treated: { members: 20, bought: 15 }, holdout: { members: 20, bought: 2 } }],
    ['too_few', { treated: { members: 9, bought: 9 }, holdout: { members: 9, bought: 0 } }],
  ])('at the horizon is %s', (verdict, counts) => {
    expect(readResult(experiment(), counts, { ends, asOf: ends }).verdict).toBe(verdict);
  });

  it('has the lift with its interval', () => {
    const { test } = readResult(experiment(), arms(120, 100), { ends, asOf: ends });
    expect(test).toMatchObject({ lift: expect.closeTo(0.2, 10), treatedRate: 0.12, holdoutRate: 0.1 });
    expect(test?.z).toBeCloseTo(1.4293, 4);
    expect(test?.low).toBeLessThan(0);
  });
});

describe('a holdout', () => {
  it.each(['service', 'routing', 'eligibility'])(
    'of the write-back is refused where labels are for %s',
    (use) => {
      expect(() => refuseExperiment(experiment({ on: 'write_back' }), use, [])).toThrow(/served wrongly/);
      expect(() => refuseExperiment(experiment(), use, [])).not.toThrow();
    },
  );

  it('of plays is refused where the CRM fills lists from the label', () => {
    expect(() => refuseExperiment(experiment(), 'marketing', ['property', 'dynamic_list'])).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('left out'),
        action: expect.stringMatching(/“The label too” on screen, or add --write-back/),
      }),
    );
    expect(() => refuseExperiment(experiment(), 'marketing', ['property', 'manual_list'])).not.toThrow();
  });
});
