import { z } from 'zod';
import { AttributeOwner } from '../model/attribute.ts';
import type { Queryable } from './pool.ts';
import type { Tenant } from './tenant.ts';

/** Why sensitive data may be used at all: GDPR article 9(2), or parental consent for children (article 8). */
export const lawfulBases = {
  explicit_consent: 'GDPR 9(2)(a)',
  employment_and_social_law: 'GDPR 9(2)(b)',
  vital_interests: 'GDPR 9(2)(c)',
  not_for_profit_body: 'GDPR 9(2)(d)',
  made_public: 'GDPR 9(2)(e)',
  legal_claims: 'GDPR 9(2)(f)',
  substantial_public_interest: 'GDPR 9(2)(g)',
  health_care: 'GDPR 9(2)(h)',
  public_health: 'GDPR 9(2)(i)',
  research: 'GDPR 9(2)(j)',
  parental_consent: 'GDPR 8(1)',
} as const;
export const Basis = z.enum(
  Object.keys(lawfulBases) as [keyof typeof lawfulBases, ...(keyof typeof lawfulBases)[]],
);
export type Basis = z.infer<typeof Basis>;

/** An admin's word that a sensitive attribute may be used, with the reason in law. */
export const LawfulBasis = z.object({
  owner: AttributeOwner,
  key: z.string(),
  basis: Basis,
  article: z.string(),
  by: z.string(),
  at: z.date(),
  note: z.string().nullable(),
});
export type LawfulBasis = z.infer<typeof LawfulBasis>;

export async function listBases(db: Queryable, { schema }: Tenant): Promise<LawfulBasis[]> {
  const { rows } = await db.query(
    `select owner, key, basis, article, by, at, note from ${schema}.lawful_basis order by owner, key`,
  );
  return rows.map((row) => LawfulBasis.parse(row));
}

/** Sensitive attributes that may be used, as `person.religion`. */
export async function sensitiveAllowed(db: Queryable, tenant: Tenant): Promise<ReadonlySet<string>> {
  const bases = await listBases(db, tenant);
  return new Set(bases.map(({ owner, key }) => `${owner}.${key}`));
}

export async function saveBasis(
  db: Queryable,
  { schema }: Tenant,
  basis: Omit<LawfulBasis, 'at'>,
): Promise<void> {
  await db.query(
    `insert into ${schema}.lawful_basis (owner, key, basis, article, by, note) values ($1, $2, $3, $4, $5, $6)
     on conflict (owner, key) do update set
       basis = excluded.basis, article = excluded.article, by = excluded.by, at = now(), note = excluded.note`,
    [basis.owner, basis.key, basis.basis, basis.article, basis.by, basis.note],
  );
}

/** False where there was none. */
export async function dropBasis(
  db: Queryable,
  { schema }: Tenant,
  attribute: { owner: string; key: string },
): Promise<boolean> {
  const { rowCount } = await db.query(`delete from ${schema}.lawful_basis where owner = $1 and key = $2`, [
    attribute.owner,
    attribute.key,
  ]);
  return rowCount > 0;
}
