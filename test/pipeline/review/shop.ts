import { type RulesSegmentation, Segmentation } from '../../../src/segmentation/definition.ts';
import { openTestDatabase, type TestDatabase } from '../../database.ts';
import type { MemoryCrm } from '../memory-crm.ts';
import { oneCrm } from '../one-crm.ts';
import type { Scope } from '../whole-run.ts';

export type Shop = { db: TestDatabase; crm: MemoryCrm; scope: Scope };

/** An empty tenant on a CRM in memory; its pages are large, as pages are not what these tests are about. */
export async function openShop(db: TestDatabase): Promise<Shop> {
  const { crm, scope } = await oneCrm(db, { pageSize: 500, batch: { properties: 500, membership: 500 } });
  return { db, crm, scope };
}

export { openTestDatabase };

const id = (i: number) => String(i).padStart(4, '0');

/**
 * `n` people with ages from 21 on. Everybody may be reached, but for every tenth, who opted out. Who is older
 * than 40 has made one order of 100 at `boughtAt`.
 */
export function people({ crm }: Shop, n: number, boughtAt = '2026-05-10'): void {
  for (let i = 1; i <= n; i += 1) {
    const visits = i > 20 ? 30 : 1;
    crm.put('contact', id(i), {
      age: i + 20,
      email: `p${i}@example.com`,
      visits,
      email_opted_out: i % 10 === 0,
    });
    if (i > 20) buy({ crm }, i, { closed_at: boughtAt });
  }
}

/** A won order of 100, unless said otherwise, credited to person `i`. */
export function buy(
  { crm }: Pick<Shop, 'crm'>,
  i: number,
  deal: Record<string, string | number | boolean> = {},
): void {
  const number = crm.tick;
  crm.put(
    'deal',
    `d${i}-${number}`,
    { amount: '100', won: true, closed: true, closed_at: '2026-05-10', ...deal },
    { links: [{ to: 'contact', id: id(i), primary: true }] },
  );
}

/** One label a person, by age. */
export const ages = (senior = 85): Segmentation =>
  Segmentation.parse({
    key: 'ages',
    name: 'Ages',
    subject: 'person',
    method: 'rules',
    segments: [
      { key: 'senior', name: 'Seniors', when: { attribute: 'age', atLeast: senior } },
      { key: 'adult', name: 'Adults', when: { attribute: 'age', atLeast: 38 } },
      { key: 'young', name: 'Young adults', when: { attribute: 'age', below: 38 } },
    ],
  });

/** Many labels a person, so that segments overlap. */
export const interests = (more: Partial<RulesSegmentation> = {}): Segmentation =>
  Segmentation.parse({
    key: 'shop',
    name: 'Shop',
    subject: 'person',
    method: 'rules',
    labels: 'many',
    segments: [
      { key: 'buyers', name: 'Buyers', when: { attribute: 'deal_count', atLeast: 1 } },
      { key: 'visitors', name: 'Visitors', when: { attribute: 'visits', atLeast: 10 } },
      { key: 'grown_up', name: 'Grown-ups', when: { attribute: 'age', atLeast: 38 } },
    ],
    ...more,
  });
