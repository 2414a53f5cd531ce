import pino from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { decideSuggestion, finishReview, reviewNow } from '../../../src/pipeline/review/decide.ts';
import {
  listDueReviews,
  prepareDueReports,
  REVIEW_LEASE,
  readReport,
} from '../../../src/pipeline/review/report.ts';
import { reviewSegmentation } from '../../../src/pipeline/review/review.ts';
import { Segmentation } from '../../../src/segmentation/definition.ts';
import { releaseLease, takeLease } from '../../../src/store/lease.ts';
import { listReviews } from '../../../src/store/reviews.ts';
import type { TestDatabase } from '../../database.ts';
import { publish, wholeRun } from '../whole-run.ts';
import { ages, buy, interests, openShop, openTestDatabase, people, type Shop } from './shop.ts';

let db: TestDatabase;
let shop: Shop;
const day = (month: number, date = 1) => new Date(Date.UTC(2026, month - 1, date));
const key = 'shop';

beforeAll(async () => {
  db = await openTestDatabase();
  shop = await openShop(db);
  people(shop, 60);
  await publish(shop.scope, interests({ review: 'every 3 months' }), ages());
  await wholeRun(shop.scope, { asOf: day(3) });
});
afterAll(() => db.close());

it('prepares a report on the review date, and not before the next', async () => {
  expect(await prepareDueReports(db.pool, db.tenant, day(3))).toEqual([key]);
  expect(await prepareDueReports(db.pool, db.tenant, day(5, 31))).toEqual([]);
  expect(await listDueReviews(db.pool, db.tenant, day(5, 31))).toEqual([
    { segmentation: key, name: 'Shop', due: day(6), isDue: false },
  ]);
  expect(await prepareDueReports(db.pool, db.tenant, day(6))).toEqual([key]);
  const stored = await listReviews(db.pool, db.tenant, key);
  expect(stored).toHaveLength(2);
  expect(stored[0]).toMatchObject({ at: day(6), doneAt: null });
  expect(stored[0]?.report).toMatchObject({ segmentation: key, suggestions: [{ kind: 'merge' }, {}, {}] });
});

it('names nobody in what it stores', async () => {
  const stored = JSON.stringify(await listReviews(db.pool, db.tenant, key));
  expect(stored).not.toMatch(/@example\.com/);
});

it('keeps who accepted or dismissed a suggestion, and does not show it again for this version', async () => {
  const asOf = day(6);
  const decide = (id: string, decision: 'accepted' | 'dismissed') =>
    decideSuggestion(db.pool, db.tenant, {
      segmentation: key,
      id,
      decision,
      by: 'ada',
      note: 'on purpose',
      asOf,
    });
  const ids = async () => (await readReport(db.pool, db.tenant, key, asOf)).suggestions.map(({ id }) => id);
  expect(await ids()).toEqual(['merge:buyers:visitors', 'merge:buyers:grown_up', 'merge:grown_up:visitors']);
  await decide('merge:buyers:visitors', 'dismissed');
  await decide('merge:buyers:grown_up', 'accepted');
  expect(await ids()).toEqual(['merge:grown_up:visitors']);
  const { decisions } = await readReport(db.pool, db.tenant, key, asOf);
  expect(decisions).toMatchObject([
    { decision: 'accepted', by: 'ada', version: 1, note: 'on purpose', suggestion: { kind: 'merge' } },
    { decision: 'dismissed', by: 'ada' },
  ]);
  await expect(decide('merge:buyers:visitors', 'accepted')).rejects.toMatchObject({
    code: 'suggestion_unknown',
  });
  await publish(shop.scope, interests({ review: 'every 3 months', goal: 'More orders' }));
  expect(await ids()).toHaveLength(3);
});

it('counts as looked at only once somebody has', async () => {
  const overdue = async () => {
    const { checks } = await reviewSegmentation(db.pool, db.tenant, key, new Date('2030-01-01'));
    return checks.find(({ mistake }) => mistake === 'set_and_forgotten')?.evidence.join(' ') ?? '';
  };
  expect(await overdue()).toMatch(/due/);
  const done = { segmentation: key, by: 'ada', at: new Date('2029-12-01') };
  expect(await finishReview(db.pool, db.tenant, done)).toBe(2);
  expect(await overdue()).not.toMatch(/review was due/);
  await expect(finishReview(db.pool, db.tenant, done)).rejects.toMatchObject({ code: 'review_missing' });
});

it('is reviewed by one at a time: a report that is being prepared would wait for a look at once', async () => {
  const on = { pool: db.pool, tenant: db.tenant, log: pino({ level: 'silent' }) };
  const given = { segmentation: key, by: 'ada', at: new Date('2029-12-02') };
  const stored = async () => (await listReviews(db.pool, db.tenant, key)).map(({ doneAt }) => doneAt);
  const before = await stored();
  const lease = await takeLease(db.pool, db.tenant, { name: REVIEW_LEASE, holder: 'job', lengthMs: 60_000 });
  await expect(reviewNow(on, given)).rejects.toMatchObject({ code: 'review_busy', retryable: true });
  expect(await stored()).toEqual(before);
  if (lease) await releaseLease(db.pool, db.tenant, lease);
  expect(await reviewNow(on, given)).toBe(1);
  expect(await stored()).toEqual([given.at, ...before]);
});

it('offers renewal segments where purchases come like invoices, and RFM reads them as loyalty', async () => {
  const rfm = Segmentation.parse({ key: 'rfm', name: 'Purchases', subject: 'person', method: 'rfm' });
  for (let i = 1; i <= 12; i += 1)
    for (const month of ['01', '02', '03', '04']) buy(shop, i, { closed_at: `2026-${month}-10` });
  await publish(shop.scope, rfm);
  await wholeRun(shop.scope, { asOf: day(6) });
  const suggestions = async (of: string) => (await readReport(db.pool, db.tenant, of, day(6))).suggestions;
  expect(await suggestions('rfm')).toContainEqual(
    expect.objectContaining({
      id: 'replace',
      template: 'renewals',
      evidence: [expect.stringContaining('100% of the 12')],
    }),
  );
  expect((await suggestions('ages')).map(({ kind }) => kind)).not.toContain('replace');
});
