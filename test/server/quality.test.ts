import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Rig, writtenRig } from '../integration/rig.ts';
import { customers } from '../integration/shop.ts';
import { type ServerRig, startServer, type Visitor } from './rig.ts';

let server: ServerRig;
let rig: Rig;
let revops: Visitor;
let viewer: Visitor;

beforeAll(async () => {
  server = await startServer();
  rig = await writtenRig(server.database, { people: customers(30) });
  revops = await server.visitor('revops', rig.tenant);
  viewer = await server.visitor('viewer', rig.tenant);
});
afterAll(async () => {
  await rig.stop();
  await server.close();
});

async function get<T>(as: Visitor, path: string): Promise<T> {
  const answer = await server.ask(as, 'GET', path);
  expect(answer.status, path).toBe(200);
  return (await answer.json()) as T;
}

describe('a review', () => {
  it('names mistakes and judges each segment by the five criteria', async () => {
    const report = await get<{
      review: { checks: { made: boolean }[]; segments: { segment: string; criteria: unknown[] }[] };
      fixes: unknown[];
    }>(viewer, '/api/segmentations/spend/review');
    expect(report.review.checks.length).toBeGreaterThan(5);
    expect(report.review.segments.map(({ segment }) => segment)).toContain('vip');
    for (const { criteria } of report.review.segments) expect(criteria).toHaveLength(5);
  });

  it('is done when somebody who may looked at it, and says who', async () => {
    expect((await server.ask(viewer, 'POST', '/api/segmentations/spend/review/done')).status).toBe(403);
    expect((await server.ask(revops, 'POST', '/api/segmentations/spend/review/done')).status).toBe(200);
    const { items } = await get<{ items: { segmentation: string; done: { by: string } | null }[] }>(
      viewer,
      '/api/reviews',
    );
    expect(items.find(({ segmentation }) => segmentation === 'spend')?.done?.by).toBe(revops.email);
  });

  it('takes no decision on a suggestion that is not there', async () => {
    const answer = await server.ask(revops, 'POST', '/api/segmentations/spend/review/decisions', {
      suggestion: 'merge:all',
      decision: 'accepted',
    });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(await answer.json()).toMatchObject({ code: 'suggestion_unknown' });
  });

  it('tells how good the data is', async () => {
    const { records } = await get<{ records: { object: string; records: number }[] }>(viewer, '/api/quality');
    expect(records.find(({ object }) => object === 'contact')?.records).toBe(30);
  });
});

describe('an experiment', () => {
  const experiment = {
    key: 'letter',
    segmentation: 'spend',
    segment: 'vip',
    on: 'write_back',
    share: 0.5,
    base: 0.1,
    target: 0.5,
    horizonDays: 30,
  };

  it('says first how many members it takes, and starts nothing', async () => {
    const plan = await server.ask(revops, 'POST', '/api/experiments/plan', experiment);
    expect(await plan.json()).toMatchObject({ members: 10, enough: false });
    expect(await get(viewer, '/api/experiments')).toEqual({ items: [] });
  });

  it('is refused where it can’t show anything, unless that is wanted', async () => {
    expect(await (await server.ask(revops, 'POST', '/api/experiments', experiment)).json()).toMatchObject({
      code: 'sample_too_small',
    });
    const begun = await server.ask(revops, 'POST', '/api/experiments', { ...experiment, evenIfSmall: true });
    expect(begun.status).toBe(201);
    const shown = await get<{ result: { treated: number; holdout: number; verdict: string } }>(
      viewer,
      '/api/experiments/letter',
    );
    expect(shown.result.treated + shown.result.holdout).toBe(10);
    expect(shown.result.verdict).toBe('early');
  });

  it('ends when somebody stops it, once', async () => {
    expect((await server.ask(viewer, 'POST', '/api/experiments/letter/stop')).status).toBe(403);
    expect((await server.ask(revops, 'POST', '/api/experiments/letter/stop')).status).toBe(204);
    const { items } = await get<{ items: { state: string }[] }>(
      viewer,
      '/api/experiments?segmentation=spend',
    );
    expect(items).toMatchObject([{ state: 'stopped' }]);
  });
});
