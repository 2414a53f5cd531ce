import type { AttributeOwner } from '../model/attribute.ts';
import { listAttributes } from '../store/columns.ts';
import { quoted } from '../store/identifier.ts';
import type { Queryable } from '../store/pool.ts';
import type { Tenant } from '../store/tenant.ts';

/** How many of an owner's rows have a value of each attribute; one scan of the table. */
export type Coverage = { owner: AttributeOwner; total: number; known: Map<string, number> };

const OWNERS = ['person', 'company', 'deal'] as const;

export async function readCoverage(db: Queryable, tenant: Tenant): Promise<Coverage[]> {
  const attributes = await listAttributes(db, tenant);
  const coverage: Coverage[] = [];
  for (const owner of OWNERS) {
    const keys = attributes.filter((attribute) => attribute.owner === owner).map(({ key }) => key);
    const counts = keys.map((key, index) => `, count(${quoted(key)})::int as n_${index}`).join('');
    const { rows } = await db.query<Record<string, number>>(
      `select count(*)::int as total${counts} from ${tenant.schema}.${owner}`,
    );
    const row = rows[0] ?? {};
    const known = new Map(keys.map((key, index) => [key, row[`n_${index}`] ?? 0]));
    coverage.push({ owner, total: row.total ?? 0, known });
  }
  return coverage;
}
