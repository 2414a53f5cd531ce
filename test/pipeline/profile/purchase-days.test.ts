import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { rejoinRecord, splitRecord } from '../../../src/pipeline/unify/split.ts';
import { openTestDatabase, type TestDatabase } from '../../database.ts';
import { ArrayCrm } from '../array-crm.ts';
import { emptyTenant, pullUnifyProfile, setUp } from '../stages.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await openTestDatabase();
});
afterAll(() => db.close());

const rows = async (sql: string) =>
  (await db.pool.query<Record<string, string | null>>(sql.replaceAll('S.', `${db.tenant.schema}.`))).rows;

const few = (upTo: number) => fc.integer({ min: 1, max: upTo }).map(String);
/** What happens in a CRM, and what an admin does here. */
const event = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      is: fc.constant('deal' as const),
      id: few(12),
      contact: few(4),
      company: few(2),
      day: few(4).map((day) => `2026-07-0${day}`),
      amount: fc.constantFrom('-10', '-25.50', '0', '10', '10', '25.50', '99', null),
      isWon: fc.constantFrom(true, true, true, false),
    }),
  },
  fc.record({ is: fc.constant('address' as const), contact: few(4), name: few(3) }),
  fc.record({ is: fc.constant('merged' as const), loser: few(4), winner: few(4) }),
  fc.record({ is: fc.constant('removed' as const), deal: few(12) }),
  fc.record({ is: fc.constantFrom('split' as const, 'rejoined' as const) }),
);
type Event = typeof event extends fc.Arbitrary<infer One> ? One : never;

async function happen(crm: ArrayCrm, one: Event): Promise<void> {
  switch (one.is) {
    case 'deal': {
      const links = [
        ...(crm.live.has(`contact/${one.contact}`) ? [{ to: 'contact' as const, id: one.contact }] : []),
        { to: 'company' as const, id: one.company, primary: true },
      ];
      const { day: closed_at, amount, isWon: won } = one;
      crm.put('deal', one.id, { closed_at, amount, won, closed: true }, { links });
      return;
    }
    case 'address':
      if (crm.live.has(`contact/${one.contact}`))
        crm.put('contact', one.contact, { email: `${one.name}@example.com` });
      return;
    case 'merged':
      if (
        one.loser !== one.winner &&
        crm.live.has(`contact/${one.loser}`) &&
        crm.live.has(`contact/${one.winner}`)
      )
        crm.merge('contact', one.loser, one.winner);
      return;
    case 'removed':
      if (crm.live.has(`deal/${one.deal}`)) crm.remove('deal', one.deal);
      return;
    default:
      await splitOrRejoin(one.is);
  }
}

/** One of several records of a person is split off, or the first that was comes back. */
async function splitOrRejoin(is: 'split' | 'rejoined'): Promise<void> {
  const live = `S.contact_record r where state = 'live' and person_id is not null`;
  const [found] = await rows(
    is === 'split'
      ? `select person_id::text as person, max(id) as record from ${live} group by 1 having count(*) > 1 order by 1 limit 1`
      : `select person_id::text as person, id as record from ${live}
           and exists (select from S.split s where s.record_id = r.id) order by id limit 1`,
  );
  if (!found?.person || !found.record) return;
  const of = {
    subject: 'person',
    subjectId: found.person,
    connectionId: 'crm',
    recordId: found.record,
  } as const;
  if (is === 'split') await splitRecord(db.pool, db.tenant, of, 'ann');
  else await rejoinRecord(db.pool, db.tenant, of);
  happened[is] += 1;
}

/** So that the test knows that it tested something. */
const happened = { split: 0, rejoined: 0 };

type Kept = { days: number; first: string | null; last: string | null; again: number | null };

/** Counted from single deals, in cents. */
function counted(deals: Record<string, string | null>[]): Kept {
  const byDay = new Map<string, { cents: number; hasRefund: boolean }>();
  for (const { day, revenue } of deals) {
    const known = byDay.get(day ?? '') ?? { cents: 0, hasRefund: false };
    const cents = Math.round(100 * Number(revenue ?? 0));
    byDay.set(day ?? '', { cents: known.cents + cents, hasRefund: known.hasRefund || cents < 0 });
  }
  const days = [...byDay]
    .filter(([, { cents, hasRefund }]) => cents > 0 || (cents === 0 && !hasRefund))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const cents = days.slice(1).reduce((sum, [, day]) => sum + day.cents, 0);
  return {
    days: days.length,
    first: days[0]?.[0] ?? null,
    last: days.at(-1)?.[0] ?? null,
    again: days.length === 0 ? null : cents / 100,
  };
}

async function expectKeptIsCounted(subject: 'person' | 'company'): Promise<number> {
  const kept = await rows(
    `select id::text, bought_days::text as days, bought_first::text as first, bought_last::text as last,
       bought_again::text as again from S.${subject} order by id`,
  );
  for (const { id, ...one } of kept) {
    const deals = await rows(
      `select closed_at::text as day, revenue::text from S.deal
       where ${subject}_id = ${id} and won and counts and closed_at is not null`,
    );
    expect(one.days, `${subject} ${id} was worked out`).not.toBeNull();
    const read = { ...one, days: Number(one.days), again: one.again === null ? null : Number(one.again) };
    expect(read, `${subject} ${id} of ${JSON.stringify(deals)}`).toEqual(counted(deals));
  }
  return kept.filter(({ days }) => Number(days) > 1).length;
}

it('what is kept of purchases is what the deals say, whatever is bought, refunded, merged, split or removed', async () => {
  let several = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(event, { minLength: 20, maxLength: 30 }), { minLength: 3, maxLength: 3 }),
      async (passes) => {
        await emptyTenant(db.pool, db.tenant);
        const crm = new ArrayCrm();
        crm.pageSize = 50;
        const connections = [{ id: 'crm', crm }];
        await setUp(db.pool, db.tenant, connections);
        for (const id of ['1', '2']) crm.put('company', id, { domain: `company${id}.example` });
        for (const id of ['1', '2', '3', '4']) crm.put('contact', id, { email: `${id}@example.com` });
        for (const events of passes) {
          for (const one of events) await happen(crm, one);
          await pullUnifyProfile(db.pool, db.tenant, connections);
          several += await expectKeptIsCounted('person');
          several += await expectKeptIsCounted('company');
        }
      },
    ),
    { numRuns: 3, seed: 3, endOnFailure: true },
  );
  expect(several).toBeGreaterThan(10);
  expect(happened.split).toBeGreaterThan(0);
  expect(happened.rejoined).toBeGreaterThan(0);
});
