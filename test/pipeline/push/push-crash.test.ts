import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Json } from '../../../connectors/contract.ts';
import { pushSlice } from '../../../src/pipeline/push/push.ts';
import type { OpenConnection, StageContext } from '../../../src/pipeline/stage.ts';
import type { Pool, Queryable } from '../../../src/store/pool.ts';
import { openTestDatabase, type TestDatabase } from '../../database.ts';
import type { MemoryCrm } from '../memory-crm.ts';
import { mismatches, oneCrm } from '../one-crm.ts';
import { workOn } from '../stages.ts';
import { ages, publish, releaseAll, type Scope, wholeRun } from '../whole-run.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await openTestDatabase();
});
afterAll(() => db.close());

class Killed extends Error {}

/** Counts what is awaited, and ends the process, as it were, at one of the points. */
class Fuse {
  count = 0;
  at = Number.POSITIVE_INFINITY;
  isDead = false;
  /** Points just after the CRM carried a batch out. */
  readonly written: number[] = [];

  async around<T>(work: () => Promise<T>): Promise<T> {
    this.tick();
    const result = await work();
    this.tick();
    return result;
  }

  private tick(): void {
    this.count += 1;
    if (this.isDead) throw new Killed('dead already');
    if (this.count < this.at) return;
    this.isDead = true;
    throw new Killed(`killed at ${this.at}`);
  }
}

/** The pool as a process sees it that may die before or after any statement; a dead one's transaction is undone. */
function fused(pool: Pool, fuse: Fuse): Pool {
  const over =
    (target: Queryable): Queryable['query'] =>
    (text, values) =>
      text === 'rollback' ? target.query(text) : fuse.around(() => target.query(text, values));
  return new Proxy(pool, {
    get(target, name) {
      if (name === 'query') return over(target);
      if (name === 'connect') {
        return async () => {
          const client = await target.connect();
          return { query: over(client), release: (destroy?: boolean | Error) => client.release(destroy) };
        };
      }
      return Reflect.get(target, name, target);
    },
  });
}

function fusedConnection(open: OpenConnection, fuse: Fuse): OpenConnection {
  const { connector } = open;
  return {
    ...open,
    connector: {
      ...connector,
      prepare: (context, targets) => fuse.around(() => connector.prepare(context, targets)),
      push: (context, request) =>
        fuse.around(async () => {
          const answer = await connector.push(context, request);
          fuse.written.push(fuse.count + 1);
          return answer;
        }),
      async *pull(context, request) {
        for await (const page of connector.pull?.(context, request) ?? []) {
          yield await fuse.around(async () => page);
        }
      },
    },
  };
}

function fusedWork(work: StageContext, fuse: Fuse): StageContext {
  return {
    ...work,
    pool: fused(work.pool, fuse),
    openConnection: async (id) => fusedConnection(await work.openConnection(id), fuse),
  };
}

/** Labels that differ from what the CRM shows, of every sort: new, changed, cleared, refused, gone, members. */
async function scene(): Promise<{ crm: MemoryCrm; scope: Scope }> {
  const { crm, scope } = await oneCrm(db, {
    pageSize: 100,
    batch: { properties: 3, membership: 5, inFlight: 2 },
    defaultTargets: ['property', 'manual_list'],
  });
  scope.tenant.policy.pilotSize = 3;
  for (let i = 1; i <= 8; i += 1) crm.put('contact', `0${i}`, { age: i * 10, email: `p${i}@example.com` });
  await publish(scope, ages());
  await releaseAll(scope);
  await wholeRun(scope);
  crm.put('contact', '01', { age: 40 }).put('contact', '02', { age: '' }).put('contact', '09', { age: 5 });
  crm.put('contact', '08', { seg_ages: 'vip' });
  await wholeRun(scope, { stages: ['pull', 'unify', 'profile', 'label'] });
  crm.remove('contact', '03');
  crm.pushes.length = 0;
  return { crm, scope };
}

/** Starts the stage over, as a new process does, until it ends. */
async function push(scope: Scope, fuse: Fuse): Promise<void> {
  const { rows } = await scope.pool.query<{ id: string; as_of: Date }>(
    `select id, as_of from ${scope.tenant.schema}.run order by id desc limit 1`,
  );
  const work = workOn(scope.pool, scope.tenant, scope.connections, { runId: rows[0]?.id });
  let position: Json = {};
  for (let slice = 0; slice < 50; slice += 1) {
    const result = await pushSlice(fusedWork(work, fuse), position);
    position = result.position;
    if (result.done) return;
  }
  throw new Error('the stage does not end');
}

async function outcome(crm: MemoryCrm, scope: Scope) {
  const pins = await db.pool.query(`select external_key, value from ${scope.tenant.schema}.pin order by 1`);
  const ledger = await db.pool.query(
    `select external_key, shown, unconfirmed, sending from ${scope.tenant.schema}.ledger
     where shown <> '{}' or unconfirmed <> '{}' order by 1`,
  );
  const log = await db.pool.query(
    `select external_key, target_id, before, after from ${scope.tenant.schema}.push_log order by 1, 2, id`,
  );
  const lists = [...crm.lists].map(([name, members]) => [name, [...members].sort()]).sort();
  return {
    shown: crm.shown('seg_ages'),
    lists,
    mismatches: await mismatches(scope),
    pins: pins.rows,
    ledger: ledger.rows,
    log: log.rows,
  };
}

it('killed at any await and started again, a push ends as if it had not been killed', async () => {
  const whole = await scene();
  const fuse = new Fuse();
  await push(whole.scope, fuse);
  const expected = await outcome(whole.crm, whole.scope);
  expect(expected.mismatches).toBe(0);
  expect(fuse.count).toBeGreaterThan(60);

  // The worst points and some others in every test run; all of them with CRASH_ALL.
  const all = Array.from({ length: fuse.count }, (_, i) => i + 1);
  const some = all.filter((at) => at % 40 === 0 || fuse.written.includes(at));
  for (const at of process.env.CRASH_ALL ? all : some) {
    const { crm, scope } = await scene();
    const deadly = new Fuse();
    deadly.at = at;
    await expect(push(scope, deadly), `point ${at}`).rejects.toThrow(Killed);
    // Its leases run out: thirty seconds of nobody's work.
    await db.pool.query(`update ${scope.tenant.schema}.lease set expires_at = '-infinity'`);
    await push(scope, new Fuse());
    expect(await outcome(crm, scope), `killed at point ${at}`).toEqual(expected);
  }
}, 600_000);
