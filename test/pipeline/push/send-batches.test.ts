import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { PushRequest } from '../../../connectors/contract.ts';
import { RateLimitError } from '../../../src/errors.ts';
import type { StageContext } from '../../../src/pipeline/stage.ts';
import { pushLease } from '../../../src/store/lease.ts';
import { openTestDatabase, type TestDatabase } from '../../database.ts';
import type { MemoryCrm } from '../memory-crm.ts';
import { mismatches, oneCrm } from '../one-crm.ts';
import { ages, publish, releaseAll, type Scope, wholeRun } from '../whole-run.ts';

const IN_FLIGHT = 3;
const BATCH = 4;

let db: TestDatabase;
let crm: MemoryCrm;
let scope: Scope;
/** Batches that were begun, those under way, and the most of them at once. */
let calls: { begun: number; open: number; most: number };
let full: PromiseWithResolvers<void>;

beforeAll(async () => {
  db = await openTestDatabase();
});
afterAll(() => db.close());
beforeEach(async () => {
  ({ crm, scope } = await oneCrm(db, {
    batch: { properties: BATCH, membership: BATCH, inFlight: IN_FLIGHT },
  }));
  scope.tenant.policy.pilot = 'off';
  calls = { begun: 0, open: 0, most: 0 };
  full = Promise.withResolvers();
  for (let i = 1; i <= 34; i += 1) crm.put('contact', key(i), { age: i, email: `p${i}@example.com` });
  await publish(scope, ages());
  await releaseAll(scope);
  await wholeRun(scope, { stages: ['pull', 'unify', 'profile', 'learn', 'label'] });
});
const key = (i: number) => String(i).padStart(3, '0');

/** Batches of which none is answered before many are under way; `then` is asked for each of them, by its number, once it was carried out. */
const slowly =
  (then: (batch: number, request: PushRequest) => unknown = () => undefined) =>
  (work: StageContext): StageContext => ({
    ...work,
    openConnection: async (id) => {
      const open = await work.openConnection(id);
      const { connector } = open;
      return {
        ...open,
        connector: {
          ...connector,
          push: async (context, request) => {
            calls.begun += 1;
            calls.open += 1;
            const batch = calls.begun;
            calls.most = Math.max(calls.most, calls.open);
            if (calls.open === IN_FLIGHT) full.resolve();
            try {
              // The first are answered once as many are under way as may be.
              await full.promise;
              const answer = await connector.push(context, request);
              await then(batch, request);
              return answer;
            } finally {
              calls.open -= 1;
            }
          },
        },
      };
    },
  });

async function ledger() {
  const { rows } = await db.pool.query<{ shown: number; doubtful: number; logged: number }>(
    `select count(*) filter (where shown <> '{}')::int as shown,
       count(*) filter (where unconfirmed <> '{}')::int as doubtful,
       (select count(*)::int from ${scope.tenant.schema}.push_log) as logged
     from ${scope.tenant.schema}.ledger`,
  );
  return rows[0];
}

it('sends as many batches at once as the connector says, each record once', async () => {
  const { counts } = await wholeRun(scope, { stages: ['push'], wrap: slowly() });
  expect(calls).toEqual({ begun: Math.ceil(34 / BATCH), open: 0, most: IN_FLIGHT });
  expect(counts.push).toMatchObject({ written: 34 });
  expect(crm.writes).toBe(34);
  expect(await ledger()).toEqual({ shown: 34, doubtful: 0, logged: 34 });
  expect(await mismatches(scope)).toBe(0);
});

it('keeps what the others acknowledged where one fails, and begins no more', async () => {
  const busy = new RateLimitError('busy', 'Slow down.', { retryAfterMs: 1, action: 'Wait.' });
  const failed = Promise.withResolvers<void>();
  const looked = Promise.withResolvers<void>();
  const after: Awaited<ReturnType<typeof ledger>>[] = [];
  const { counts } = await wholeRun(scope, {
    stages: ['push'],
    wrap: slowly(async (batch) => {
      if (batch === 2) {
        failed.resolve();
        throw busy;
      }
      // The others of the first three are answered after it has failed.
      await failed.promise;
      if (batch === IN_FLIGHT + 1) {
        after.push(await ledger());
        looked.resolve();
      }
      // Those sent beside it are answered once the ledger was looked at.
      if (batch > IN_FLIGHT + 1) await looked.promise;
    }),
  });
  // All but the one that failed were in the ledger before any other was begun; its rows are in doubt.
  expect(after).toMatchObject([{ shown: (IN_FLIGHT - 1) * BATCH }]);
  expect(counts.push?.read_back).toBe(BATCH);
  expect(await ledger()).toEqual({ shown: 34, doubtful: 0, logged: 34 });
  expect(await mismatches(scope)).toBe(0);
});

it('puts nothing into the ledger and sends nothing more once another worker took over', async () => {
  const { schema } = scope.tenant;
  const taken = Promise.withResolvers<void>();
  await wholeRun(scope, {
    stages: ['push'],
    wrap: (work) => {
      const wasTaken = calls.begun > 0;
      if (wasTaken) return slowly()(work);
      return slowly(async (batch) => {
        // The others are answered once it was taken over.
        if (batch !== 1) return taken.promise;
        // The lease runs out, and a worker that reads back what is in doubt has it for a moment.
        await db.pool.query(`update ${schema}.lease set fence = fence + 1, holder = '' where name = $1`, [
          pushLease('crm'),
        ]);
        await db.pool.query(`update ${schema}.lease set expires_at = '-infinity' where name = $1`, [
          pushLease('crm'),
        ]);
        expect(await ledger()).toMatchObject({ shown: 0, logged: 0 });
        taken.resolve();
      })(work);
    },
  });
  // Those under way at the takeover are read back, and none of them was written twice.
  expect(crm.writes).toBe(34);
  expect(await ledger()).toEqual({ shown: 34, doubtful: 0, logged: 34 });
  expect(await mismatches(scope)).toBe(0);
});
