import { explainSubject } from '../../pipeline/explain.ts';
import { describeExplained } from '../explain.ts';
import type { Session } from '../session.ts';

const HOW_MANY = 3;

/** A few customers who hold labels of several segmentations, with their reasons. */
export async function showReasons({ app, tenant, output }: Session, asOf: Date): Promise<void> {
  const { pool } = app.store;
  const { rows } = await pool.query<{ id: string; email: string }>(
    `select p.id, min(r.email) as email
     from ${tenant.schema}.person p
     join ${tenant.schema}.contact_record r on r.person_id = p.id and r.state = 'live' and r.email is not null
     where p.revenue_total > 0
     group by p.id, p.revenue_total
     order by p.revenue_total desc, p.id
     offset 5 limit $1`,
    [HOW_MANY],
  );
  for (const { id, email } of rows) {
    const explained = await explainSubject(pool, tenant, { subject: 'person', id, asOf, audience: 'admin' });
    for (const line of describeExplained(explained, email, false)) output.line(`  ${line}`);
  }
}
