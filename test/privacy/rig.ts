import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { RunOptions } from '../../src/model/run-options.ts';
import { keyring } from '../../src/store/secrets.ts';
import { type SuppressionKey, suppressionKey } from '../../src/store/suppressions.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { MemoryCrm } from '../pipeline/memory-crm.ts';
import { emptyTenant, setUp } from '../pipeline/stages.ts';
import { type Scope, wholeRun } from '../pipeline/whole-run.ts';

export type PrivacyRig = {
  db: TestDatabase;
  crm: MemoryCrm;
  scope: Scope;
  key: SuppressionKey;
  run(options?: RunOptions & { stages?: string[] }): ReturnType<typeof wholeRun>;
};

/** A store with one CRM in memory, emptied before each test; runs know who was erased. */
export function privacyRig(): PrivacyRig {
  const rig = {} as PrivacyRig;
  beforeAll(async () => {
    rig.db = await openTestDatabase();
  });
  afterAll(async () => rig.db.close());
  beforeEach(async () => {
    const { pool, tenant } = rig.db;
    await emptyTenant(pool, tenant);
    await pool.query('truncate app.suppression, app.audit');
    rig.crm = new MemoryCrm();
    rig.scope = { pool, tenant, connections: [{ id: 'hubspot', crm: rig.crm }] };
    await setUp(pool, tenant, rig.scope.connections);
    rig.key = await suppressionKey(pool, keyring(Buffer.alloc(32, 7)));
    rig.run = (options = {}) =>
      wholeRun(rig.scope, { ...options, wrap: (work) => ({ ...work, suppressionKey: async () => rig.key }) });
  });
  return rig;
}

/** Every table of the store as text, each line with the name of its table. */
export async function dump({ db }: Pick<PrivacyRig, 'db'>): Promise<string[]> {
  const { rows } = await db.pool.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname not in ('pg_catalog', 'information_schema') order by 1`,
  );
  const lines: string[] = [];
  for (const { name } of rows) {
    const { rows: found } = await db.pool.query<{ line: string }>(`select t::text as line from ${name} t`);
    lines.push(...found.map(({ line }) => `${name} ${line}`));
  }
  return lines;
}
