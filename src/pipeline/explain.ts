import { InputError } from '../errors.ts';
import type { SubjectType } from '../model/attribute.ts';
import { type Audience, type Explanation, type LabelChange, planExplain } from '../segmentation/explain.ts';
import type { Queryable } from '../store/pool.ts';
import type { Tenant } from '../store/tenant.ts';
import { pinsNow, readPlans } from './publish/plans.ts';
import { normaliseDomain, normaliseEmail } from './unify/identity.ts';

export type Explained = { subject: SubjectType; id: string; segmentations: Explanation[] };

/** The subject that a person means: an e-mail, a company's domain, or `person:12`, `company:7`. */
export async function findSubject(
  db: Queryable,
  { schema }: Tenant,
  text: string,
): Promise<{ subject: SubjectType; id: string }> {
  const direct = /^(person|company):(\d{1,18})$/.exec(text.trim());
  const email = text.includes('@') ? normaliseEmail(text) : null;
  const domain = normaliseDomain(text);
  const { rows } = await db.query<{ subject: SubjectType; id: string }>(
    `select 'person' as subject, id from ${schema}.person where $1 = 'person' and id = $2::bigint
     union all
     select 'company', id from ${schema}.company where $1 = 'company' and id = $2::bigint
     union all
     select 'person', person_id from ${schema}.contact_record
       where (email = $3 or (other_emails && array[$3::text] and other_emails <> '{}'))
         and state = 'live' and person_id is not null
     union all
     select 'company', company_id from ${schema}.company_record
       where domain = $4 and state = 'live' and company_id is not null
     limit 1`,
    [direct?.[1] ?? null, direct?.[2] ?? null, email, email === null ? domain : null],
  );
  if (rows[0]) return rows[0];
  throw new InputError('subject_unknown', `Nobody in the store is called "${text}".`, {
    action: 'Give an e-mail address as the CRM has it, a company’s domain, or person:ID.',
  });
}

/** People who bought and have an address, most revenue first. */
export async function listBuyers(
  db: Queryable,
  { schema }: Tenant,
  page: { limit: number; offset: number },
): Promise<{ id: string; email: string }[]> {
  const { rows } = await db.query<{ id: string; email: string }>(
    `select p.id, min(r.email) as email
     from ${schema}.person p
     join ${schema}.contact_record r on r.person_id = p.id and r.state = 'live' and r.email is not null
     where p.revenue_total > 0
     group by p.id, p.revenue_total
     order by p.revenue_total desc, p.id
     limit $1 offset $2`,
    [page.limit, page.offset],
  );
  return rows;
}

/** Why somebody holds the labels they hold: all segmentations of their kind, as published. */
export async function explainSubject(
  db: Queryable,
  tenant: Tenant,
  options: { subject: SubjectType; id: string; asOf: Date; audience: Audience },
): Promise<Explained> {
  const { subject, id, asOf, audience } = options;
  const pins = await pinsNow(db, tenant);
  const { plans, request } = await readPlans(db, tenant, { asOf, pins });
  const segmentations = plans.filter(({ definition }) => definition.subject === subject);
  if (segmentations.length === 0) return { subject, id, segmentations: [] };
  const plan = planExplain({ ...request, subject, segmentations, ids: [id], currency: tenant.currency });
  const { rows } = await db.query(plan.sql, plan.values);
  const row = rows[0];
  if (!row) return { subject, id, segmentations: [] };
  return {
    subject,
    id,
    segmentations: plan.interpret(row, await changesOf(db, tenant, subject, id), audience),
  };
}

async function changesOf(
  db: Queryable,
  { schema }: Tenant,
  subject: SubjectType,
  id: string,
): Promise<LabelChange[]> {
  const { rows } = await db.query<LabelChange>(
    `select segmentation, at, entered, gone from ${schema}.label_change
     where subject = $1 and subject_id = $2 order by at`,
    [subject, id],
  );
  return rows;
}
