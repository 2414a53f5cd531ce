import { explainSubject, listBuyers } from '../../pipeline/explain.ts';
import { describeExplained } from '../explain.ts';
import type { Session } from '../session.ts';

const HOW_MANY = 3;

/** A few customers who hold labels of several segmentations, with their reasons. */
export async function showReasons({ app, tenant, output }: Session, asOf: Date): Promise<void> {
  const { pool } = app.store;
  for (const { id, email } of await listBuyers(pool, tenant, { limit: HOW_MANY, offset: 5 })) {
    const explained = await explainSubject(pool, tenant, { subject: 'person', id, asOf, audience: 'admin' });
    for (const line of describeExplained(explained, email, false)) output.line(`  ${line}`);
  }
}
