import type { Attribute, SubjectType } from '../model/attribute.ts';
import { labelColumn, listAttributes, listLabelColumns } from '../store/columns.ts';
import { quoted } from '../store/identifier.ts';
import type { Queryable } from '../store/pool.ts';
import { listPublished, type SegmentationRow } from '../store/segmentations.ts';
import type { Tenant } from '../store/tenant.ts';

export type CustomerOrder = 'value' | 'newest';

export type CustomerQuery = {
  subject: SubjectType;
  /** Part of a name, or the beginning of an e-mail or domain. */
  search?: string | undefined;
  /** Only those who hold this label. */
  label?: { segmentation: string; segment: string } | undefined;
  order: CustomerOrder;
  /** The last row of the page before: its place in the order, then its id. */
  after?: { place: string; id: string } | undefined;
  limit: number;
};

export type CustomerRow = {
  id: string;
  name: string | null;
  /** E-mail of a person, domain of a company. */
  address: string | null;
  company: string | null;
  owner: string | null;
  /** A decimal in the tenant's currency; null where it is not worked out. */
  revenue: string | null;
  labels: { segmentation: string; segment: string; name: string }[];
  place: string;
};

/** Customers a page at a time, in an order that stays while pages are read: by revenue, or newest first. */
export async function listCustomers(
  db: Queryable,
  tenant: Tenant,
  query: CustomerQuery,
): Promise<CustomerRow[]> {
  const { subject, label, order, after, limit } = query;
  const columns = await readColumns(db, tenant, subject);
  const values: unknown[] = [];
  const bind = (value: unknown) => `$${values.push(value)}`;
  const where: string[] = [];
  const isByValue = order === 'value' && columns.revenue;
  const place = isByValue ? `coalesce(s.revenue_total, 0)` : 's.id';
  if (label) {
    const column = columns.labels.find(({ segmentation }) => segmentation.key === label.segmentation);
    if (!column) return [];
    const held = `s.${quoted(labelColumn(label.segmentation))}`;
    where.push(
      column.segmentation.definition.labels === 'many'
        ? `${held} @> array[${bind(label.segment)}::text]`
        : `${held} = ${bind(label.segment)}`,
    );
  }
  const search = query.search?.trim().toLowerCase();
  if (search) where.push(searchSql(tenant, subject, columns, search, bind));
  if (after)
    where.push(
      isByValue
        ? `(${place}, s.id) < (${bind(after.place)}::numeric, ${bind(after.id)}::bigint)`
        : `s.id < ${bind(after.id)}::bigint`,
    );
  const labels = columns.labels.map(({ segmentation: { key } }) => `s.${quoted(labelColumn(key))}`);
  const inOrder = `order by ${isByValue ? `${place} desc, ` : ''}s.id desc`;
  // The page first: joined before it is cut, every customer would be given a company to be sorted with.
  const { rows } = await db.query<Record<string, unknown>>(
    `select s.id, ${columns.name} as name, ${columns.address} as address, ${columns.company} as company,
       ${columns.owner} as owner, ${columns.revenue ? 's.revenue_total::text' : 'null'} as revenue,
       ${place}::text as place${labels.map((column) => `, ${column}`).join('')}
     from (select s.* from ${tenant.schema}.${subject} s
       ${where.length > 0 ? `where ${where.join(' and ')}` : ''} ${inOrder} limit ${bind(limit)}) s
     ${subject === 'person' ? `left join ${tenant.schema}.company c on c.id = s.company_id` : ''}
     ${inOrder}`,
    values,
  );
  return rows.map((row) => ({
    id: String(row.id),
    name: textOf(row.name),
    address: textOf(row.address),
    company: textOf(row.company),
    owner: textOf(row.owner),
    revenue: textOf(row.revenue),
    place: String(row.place),
    labels: columns.labels.flatMap(({ segmentation: { key, definition } }) =>
      labelsIn(row[labelColumn(key)]).map((segment) => ({
        segmentation: key,
        segment,
        name: definition.segments.find((one) => one.key === segment)?.name ?? segment,
      })),
    ),
  }));
}

type Columns = {
  name: string;
  address: string;
  company: string;
  owner: string;
  revenue: boolean;
  /** The columns that a search for a name looks into. */
  searched: string[];
  labels: { segmentation: SegmentationRow }[];
};

/** What this tenant has columns for; what it lacks is null in each row. */
async function readColumns(db: Queryable, tenant: Tenant, subject: SubjectType): Promise<Columns> {
  const attributes = await listAttributes(db, tenant);
  const has = (owner: Attribute['owner'], key: string) =>
    attributes.some((attribute) => attribute.owner === owner && attribute.key === key);
  const own = (key: string) => (has(subject, key) ? `s.${quoted(key)}` : null);
  const names = subject === 'person' ? ['first_name', 'last_name'] : ['name'];
  const searched = names.flatMap((key) => own(key) ?? []);
  const made = new Set(await listLabelColumns(db, tenant, subject));
  return {
    name: searched.length > 0 ? `nullif(concat_ws(' ', ${searched.join(', ')}), '')` : 'null',
    address: (subject === 'person' ? own('email') : own('domain')) ?? 'null',
    company: subject === 'person' && has('company', 'name') ? 'c.name' : 'null',
    owner: own('owner') ?? 'null',
    revenue: has(subject, 'revenue_total'),
    searched,
    labels: (await listPublished(db, tenant))
      .filter(({ key, definition }) => definition.subject === subject && made.has(labelColumn(key)))
      .map((segmentation) => ({ segmentation })),
  };
}

/** Records are found by the beginning of their address, or by a whole further one; names by any part of them. */
function searchSql(
  { schema }: Tenant,
  subject: SubjectType,
  columns: Columns,
  search: string,
  bind: (value: unknown) => string,
): string {
  const escaped = search.replace(/[\\%_]/g, '\\$&');
  const [table, key, address] =
    subject === 'person'
      ? ['contact_record', 'person_id', 'email']
      : ['company_record', 'company_id', 'domain'];
  const others =
    subject === 'person'
      ? ` or (r.other_emails && array[${bind(search)}::text] and r.other_emails <> '{}')`
      : '';
  const found = `s.id in (select r.${key} from ${schema}.${table} r
    where (r.${address} like ${bind(`${escaped}%`)}${others}) and r.state = 'live' and r.${key} is not null)`;
  if (columns.searched.length === 0) return found;
  return `(${found} or lower(${columns.name}) like ${bind(`%${escaped}%`)})`;
}

const textOf = (value: unknown): string | null =>
  value === null || value === undefined ? null : String(value);

function labelsIn(held: unknown): string[] {
  if (Array.isArray(held)) return held.map(String);
  return typeof held === 'string' ? [held] : [];
}
