import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readFacts } from '../../../src/pipeline/review/facts.ts';
import { reviewAll, reviewSegmentation } from '../../../src/pipeline/review/review.ts';
import { findReviewed, readReviewScene } from '../../../src/pipeline/review/scene.ts';
import type { TestDatabase } from '../../database.ts';
import { publish, wholeRun } from '../whole-run.ts';
import { ages, interests, openShop, openTestDatabase, people, type Shop } from './shop.ts';

let db: TestDatabase;
let shop: Shop;
const asOf = new Date('2026-06-20T00:00:00Z');

beforeAll(async () => {
  db = await openTestDatabase();
});
afterAll(() => db.close());
beforeEach(async () => {
  shop = await openShop(db);
});

async function facts(key: string) {
  const scene = await readReviewScene(db.pool, db.tenant, asOf);
  return readFacts(db.pool, scene, findReviewed(scene, key));
}

describe('facts', () => {
  it('of overlapping segments are counted, each for itself', async () => {
    people(shop, 60);
    shop.crm.put('contact', 'x', { email: 'noage@example.com' });
    const play = { channel: 'email', message: 'Hello' };
    const definition = interests();
    definition.segments[2] = { ...definition.segments[2], play } as (typeof definition.segments)[2];
    await publish(shop.scope, definition);
    await wholeRun(shop.scope);
    expect(await facts('shop')).toMatchObject({
      subjects: 61,
      revenue: 4_000,
      unlabelled: { size: 18, revenue: 0 },
      optOutKnown: true,
      experiments: 0,
      segments: [
        { segment: 'buyers', size: 40, revenue: 4_000, needs: [], known: 61 },
        { segment: 'visitors', size: 40, revenue: 4_000, needs: [] },
        {
          segment: 'grown_up',
          size: 43,
          revenue: 4_000,
          needs: ['age'],
          known: 60,
          reachable: { by: 'email', count: 38 },
        },
      ],
    });
  });

  it('say how members differ, by what the definition does not go by', async () => {
    people(shop, 60);
    await publish(shop.scope, ages(50));
    await wholeRun(shop.scope);
    const { segments } = await facts('ages');
    expect(segments[0]?.difference).toMatchObject({ attribute: 'deal_count', members: 1 });
    expect(segments[0]?.difference?.standardised).toBeGreaterThan(0.5);
  });

  it('say nothing of what members are like where they are under 10', async () => {
    people(shop, 60);
    await publish(shop.scope, ages(75));
    await wholeRun(shop.scope);
    expect((await facts('ages')).segments[0]).toMatchObject({ segment: 'senior', size: 6, difference: null });
  });
});

describe('a review', () => {
  it('judges every published segmentation', async () => {
    people(shop, 60);
    await publish(shop.scope, ages(), interests());
    await wholeRun(shop.scope);
    const reviews = await reviewAll(db.pool, db.tenant, asOf);
    expect(reviews.map(({ segmentation }) => segmentation)).toEqual(['ages', 'shop']);
    const made = reviews[0]?.checks.filter((check) => check.made).map(({ mistake }) => mistake);
    expect(made).toEqual([
      'no_goal',
      'too_little_data',
      'no_play',
      'no_test',
      'privacy_ignored',
      'set_and_forgotten',
    ]);
  });

  it('refuses a key that nothing is published under', async () => {
    await expect(reviewSegmentation(db.pool, db.tenant, 'rfm', asOf)).rejects.toThrow(/no published/);
  });
});
