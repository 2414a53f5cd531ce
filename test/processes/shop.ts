import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { connectAccount } from '../../src/pipeline/connection/connect.ts';
import { applySegmentations } from '../../src/pipeline/publish/publish.ts';
import { RulesSegmentation } from '../../src/segmentation/definition.ts';
import type { Pool } from '../../src/store/pool.ts';
import type { Run } from '../../src/store/runs.ts';
import { requestRun } from '../../src/store/runs.ts';
import type { Keyring } from '../../src/store/secrets.ts';
import { createTenant, type Tenant } from '../../src/store/tenant.ts';

const SEGMENTATION = RulesSegmentation.parse({
  key: 'value',
  name: 'Value',
  subject: 'person',
  method: 'rules',
  segments: [
    { key: 'high', name: 'High', when: { attribute: 'revenue_total', atLeast: 120 } },
    { key: 'low', name: 'Low', when: { attribute: 'revenue_total', above: 0 } },
  ],
});

/** A folder of contacts, two deals for every other one of them. */
async function writeShop(folder: string, contacts: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  const people = Array.from({ length: contacts }, (_, index) => index + 1);
  const contactRows = people.map((n) => `${n},person${n}@example.com,First${n},Last${n},2025-01-01`);
  const dealRows = people
    .filter((n) => n % 2 === 0)
    .flatMap((n) => [1, 2].map((order) => `${n}-${order},${n},${(n % 50) + 40},USD,won,2026-0${order}-15`));
  await writeFile(
    join(folder, 'contacts.csv'),
    `contact_id,email,first_name,last_name,created_at\n${contactRows.join('\n')}\n`,
  );
  await writeFile(
    join(folder, 'deals.csv'),
    `deal_id,contact_id,amount,currency,stage,closed_at\n${dealRows.join('\n')}\n`,
  );
}

/** A tenant with such a folder as its CRM, a segmentation whose labels go back into it, and a run that waits. */
export async function openShop(
  parts: { pool: Pool; keys: Keyring },
  shop: { id: string; folder: string; contacts: number },
): Promise<{ tenant: Tenant; run: Run }> {
  const { pool, keys } = parts;
  await writeShop(shop.folder, shop.contacts);
  const tenant = await createTenant(pool, {
    id: shop.id,
    name: shop.id,
    policy: { release: 'auto', pilot: 'off' },
  });
  const log = pino({ level: 'silent' });
  await connectAccount(
    { pool, tenant, keys, log },
    { system: 'csv', config: { folder: shop.folder }, name: shop.id },
  );
  await applySegmentations(pool, tenant, [SEGMENTATION], { by: 'test' });
  return { tenant, run: await waitingRun(pool, tenant) };
}

/** A run that was requested long ago and lost its job: whatever worker comes first takes it up. */
async function waitingRun(pool: Pool, tenant: Tenant): Promise<Run> {
  const { run } = await requestRun(pool, tenant, {
    asOf: new Date('2026-03-01T00:00:00Z'),
    requestedBy: 'test',
  });
  await pool.query(`update ${tenant.schema}.run set requested_at = now() - interval '1 hour' where id = $1`, [
    run.id,
  ]);
  return run;
}
