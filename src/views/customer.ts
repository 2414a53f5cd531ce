import { NotFoundError } from '../errors.ts';
import type { Attribute, SubjectType } from '../model/attribute.ts';
import type { ObjectType } from '../model/record.ts';
import { valueName } from '../model/value-name.ts';
import { explainSubject } from '../pipeline/explain.ts';
import type { Audience, Explanation } from '../segmentation/explain.ts';
import { listAttributes } from '../store/columns.ts';
import { type ConnectionRow, listConnections } from '../store/connections.ts';
import { quoted } from '../store/identifier.ts';
import type { Queryable } from '../store/pool.ts';
import { listPublished } from '../store/segmentations.ts';
import { listTargets } from '../store/targets.ts';
import type { Tenant } from '../store/tenant.ts';
import { recordLink } from './record-link.ts';
import { valueWords } from './writes.ts';

export type CustomerValue = {
  key: string;
  name: string;
  kind: Attribute['kind'];
  type: Attribute['type'];
  sensitivity: Attribute['sensitivity'];
  /** As text; null where it is not known, or not for whoever asks. */
  value: string | null;
  /** The same as the CRM calls it. */
  valueName: string | null;
  isHidden: boolean;
};

export type CustomerRecord = {
  connectionId: string;
  connection: string;
  system: string;
  id: string;
  kind: string;
  state: string;
  /** The record in the CRM. */
  link: string | null;
  updatedAt: Date;
  /** Somebody said that it is nobody else's. */
  keptApart: { by: string; at: Date } | null;
  /** By attribute key; only what whoever asks may see. */
  values: Record<string, string | null>;
  /** What the CRM calls those of them that it calls otherwise. */
  valueNames: Record<string, string>;
  /** What the CRM shows of ours. */
  shown: {
    target: string;
    segmentation: string;
    value: string;
    state: 'shown' | 'pinned' | 'refused' | 'unconfirmed';
  }[];
};

export type CustomerDeal = {
  id: string;
  name: string | null;
  stage: string | null;
  /** As the CRM calls it. */
  stageName: string | null;
  revenue: string | null;
  closedAt: string | null;
  won: boolean | null;
  counts: boolean;
  isCredited: boolean;
};

export type CustomerChange = {
  at: Date;
  segmentation: string;
  entered: string[];
  left: string[];
  cause: string;
};

export type Customer = {
  subject: SubjectType;
  id: string;
  name: string | null;
  address: string | null;
  company: { id: string; name: string | null } | null;
  people: { id: string; name: string | null }[];
  attributes: CustomerValue[];
  records: CustomerRecord[];
  explanations: Explanation[];
  history: CustomerChange[];
  deals: CustomerDeal[];
  /** Records that were found to be the same customer, and why. */
  merges: { at: Date; by: string[] }[];
};

const MOST_DEALS = 50;
const MOST_CHANGES = 100;
const MOST_PEOPLE = 50;

/**
 * All that one page shows of a customer. Reps see no value of an attribute that is kept from them.
 * @throws NotFoundError where the tenant has no such person or company
 */
export async function readCustomer(
  db: Queryable,
  tenant: Tenant,
  given: { subject: SubjectType; id: string; asOf: Date; audience: Audience },
): Promise<Customer> {
  const { subject, id, audience } = given;
  const { schema } = tenant;
  const attributes = await listAttributes(db, tenant);
  const own = attributes.filter(({ owner }) => owner === subject);
  const { rows } = await db.query<Record<string, unknown>>(
    `select s.id, ${subject === 'person' ? 's.company_id' : 'null as company_id'}
       ${own.map(({ key }) => `, s.${quoted(key)} as ${quoted(`a_${key}`)}`).join('')}
     from ${schema}.${subject} s where s.id = $1::bigint`,
    [id],
  );
  const row = rows[0];
  if (!row) {
    throw new NotFoundError(
      'customer_unknown',
      'There is no such customer here; they may have been merged or erased.',
      {
        action: 'Search for them by e-mail.',
      },
    );
  }
  const read = (key: string): string | null => shownText(row[`a_${key}`]);
  const isHidden = ({ repVisible, sensitivity }: Attribute) =>
    audience === 'rep' && (!repVisible || sensitivity === 'sensitive');
  const { segmentations } = await explainSubject(db, tenant, given);
  return {
    subject,
    id,
    name: nameOf(subject, read),
    address: read(subject === 'person' ? 'email' : 'domain'),
    company:
      row.company_id === null ? null : await readCompany(db, tenant, attributes, String(row.company_id)),
    people: subject === 'company' ? await readPeople(db, tenant, attributes, id) : [],
    attributes: own.map((attribute) => ({
      key: attribute.key,
      name: attribute.name,
      kind: attribute.kind,
      type: attribute.type,
      sensitivity: attribute.sensitivity,
      value: isHidden(attribute) ? null : read(attribute.key),
      valueName: isHidden(attribute) ? null : shownText(row[`a_${attribute.key}`], attribute),
      isHidden: isHidden(attribute),
    })),
    records: await readRecords(
      db,
      tenant,
      subject,
      id,
      own.filter((attribute) => !isHidden(attribute)),
      new Set(own.filter(isHidden).map(({ key }) => key)),
    ),
    explanations: segmentations,
    history: await readChanges(db, tenant, subject, id),
    deals: await readDeals(db, tenant, attributes, subject, id, audience),
    merges: await readMerges(db, tenant, subject, id),
  };
}

function nameOf(subject: SubjectType, read: (key: string) => string | null): string | null {
  if (subject === 'company') return read('name');
  return [read('first_name'), read('last_name')].filter((part) => part !== null).join(' ') || null;
}

async function readCompany(db: Queryable, { schema }: Tenant, attributes: readonly Attribute[], id: string) {
  const name = attributes.some(({ owner, key }) => owner === 'company' && key === 'name') ? 'name' : 'null';
  const { rows } = await db.query<{ id: string; name: string | null }>(
    `select id, ${name} as name from ${schema}.company where id = $1::bigint`,
    [id],
  );
  return rows[0] ?? null;
}

async function readPeople(
  db: Queryable,
  { schema }: Tenant,
  attributes: readonly Attribute[],
  companyId: string,
) {
  const parts = ['first_name', 'last_name'].filter((name) =>
    attributes.some(({ owner, key }) => owner === 'person' && key === name),
  );
  const name = parts.length > 0 ? `nullif(concat_ws(' ', ${parts.map(quoted).join(', ')}), '')` : 'null';
  const { rows } = await db.query<{ id: string; name: string | null }>(
    `select id, ${name} as name from ${schema}.person where company_id = $1::bigint order by id limit ${MOST_PEOPLE}`,
    [companyId],
  );
  return rows;
}

const TABLES = {
  person: { table: 'contact_record', key: 'person_id', object: 'contact' },
  company: { table: 'company_record', key: 'company_id', object: 'company' },
} as const satisfies Record<SubjectType, { table: string; key: string; object: ObjectType }>;

type StoredRecord = {
  connectionId: string;
  id: string;
  kind: string;
  state: string;
  updatedAt: Date;
  splitBy: string | null;
  splitAt: Date | null;
  properties: Record<string, unknown>;
  shown: Record<string, unknown> | null;
  unconfirmed: string[] | null;
  pinned: string[] | null;
  refused: string[] | null;
};

async function readRecords(
  db: Queryable,
  tenant: Tenant,
  subject: SubjectType,
  id: string,
  visible: readonly Attribute[],
  hidden: ReadonlySet<string>,
): Promise<CustomerRecord[]> {
  const { schema } = tenant;
  const { table, key, object } = TABLES[subject];
  const place = `x.connection_id = r.connection_id and x.object = '${object}' and x.external_key = r.id`;
  const { rows } = await db.query<StoredRecord>(
    `select r.connection_id as "connectionId", r.id, r.kind, r.state, r.source_updated_at as "updatedAt", r.properties,
       l.shown, l.unconfirmed, apart.by as "splitBy", apart.at as "splitAt",
       (select array_agg(x.target_id) from ${schema}.pin x where ${place}) as pinned,
       (select array_agg(x.target_id) from ${schema}.refusal x where ${place}) as refused
     from ${schema}.${table} r
     left join ${schema}.ledger l
       on l.connection_id = r.connection_id and l.object = '${object}' and l.external_key = r.id
     left join ${schema}.split apart
       on apart.subject = $2 and apart.connection_id = r.connection_id and apart.record_id = r.id
     where r.${key} = $1::bigint order by r.state = 'live' desc, r.source_created_at nulls last, r.id`,
    [id, subject],
  );
  const connections = new Map((await listConnections(db, tenant)).map((one) => [one.id, one]));
  const targets = new Map((await listTargets(db, tenant)).map((target) => [target.id, target]));
  const published = new Map(
    (await listPublished(db, tenant)).map(({ key: name, definition }) => [name, definition]),
  );
  return rows.map((row): CustomerRecord => {
    const connection: ConnectionRow | undefined = connections.get(row.connectionId);
    return {
      connectionId: row.connectionId,
      connection: connection?.name ?? row.connectionId,
      system: connection?.system ?? '',
      id: row.id,
      kind: row.kind,
      state: row.state,
      link:
        connection && row.state === 'live'
          ? recordLink(connection, { object, id: row.id, kind: row.kind })
          : null,
      updatedAt: row.updatedAt,
      keptApart: row.splitBy !== null && row.splitAt !== null ? { by: row.splitBy, at: row.splitAt } : null,
      values: Object.fromEntries(
        Object.entries(row.properties)
          .filter(([attribute]) => !hidden.has(attribute))
          .map(([attribute, value]) => [attribute, shownText(value)]),
      ),
      valueNames: Object.fromEntries(
        visible.flatMap((attribute): [string, string][] => {
          const value = row.properties[attribute.key];
          const name = shownText(value, attribute);
          return name === null || name === shownText(value) ? [] : [[attribute.key, name]];
        }),
      ),
      shown: Object.entries(row.shown ?? {}).flatMap(([targetId, value]) => {
        const target = targets.get(targetId);
        if (!target) return [];
        const state = row.pinned?.includes(targetId)
          ? 'pinned'
          : row.refused?.includes(targetId)
            ? 'refused'
            : row.unconfirmed?.includes(targetId)
              ? 'unconfirmed'
              : 'shown';
        return [
          {
            target: target.kind,
            segmentation: published.get(target.segmentation)?.name ?? target.segmentation,
            value: valueWords(value, published.get(target.segmentation)).join(', '),
            state,
          } as const,
        ];
      }),
    };
  });
}

/** In the CRM's own words where it is said whose value it is. */
function shownText(value: unknown, of?: Attribute): string | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return value.toISOString();
  return Array.isArray(value)
    ? value.map((one) => valueName(of, String(one))).join(', ')
    : valueName(of, String(value));
}

async function readChanges(
  db: Queryable,
  { schema }: Tenant,
  subject: SubjectType,
  id: string,
): Promise<CustomerChange[]> {
  const { rows } = await db.query<CustomerChange>(
    `select at, segmentation, entered, gone as "left", cause from ${schema}.label_change
     where subject = $1 and subject_id = $2::bigint order by at desc, segmentation limit ${MOST_CHANGES}`,
    [subject, id],
  );
  return rows;
}

async function readDeals(
  db: Queryable,
  { schema }: Tenant,
  attributes: readonly Attribute[],
  subject: SubjectType,
  id: string,
  audience: Audience,
): Promise<CustomerDeal[]> {
  const column = (key: string, as: string, cast = '') =>
    `${attributes.some(({ owner, key: name }) => owner === 'deal' && name === key) ? `d.${quoted(key)}${cast}` : 'null'} as ${quoted(as)}`;
  const whose =
    subject === 'person'
      ? `d.person_id = $1::bigint or d.id in (select deal_id from ${schema}.deal_person where person_id = $1::bigint)`
      : 'd.company_id = $1::bigint';
  const { rows } = await db.query<Omit<CustomerDeal, 'stageName'>>(
    `select d.id, ${column('name', 'name')}, ${column('stage', 'stage')}, ${column('closed_at', 'closedAt', '::text')},
       ${column('won', 'won')}, d.counts,
       ${audience === 'rep' ? 'null' : 'd.revenue::text'} as revenue,
       coalesce(${subject === 'person' ? 'd.person_id' : 'd.company_id'} = $1::bigint, false) as "isCredited"
     from ${schema}.deal d where ${whose} order by 4 desc nulls last, d.id desc limit ${MOST_DEALS}`,
    [id],
  );
  const stage = attributes.find(({ owner, key }) => owner === 'deal' && key === 'stage');
  return rows.map((row) => ({ ...row, stageName: shownText(row.stage, stage) }));
}

async function readMerges(db: Queryable, { schema }: Tenant, subject: SubjectType, id: string) {
  const { rows } = await db.query<{ at: Date; by: string[] }>(
    `select at, array(select jsonb_array_elements_text(reason -> 'by')) as by from ${schema}.merge where subject = $1 and survivor_id = $2::bigint order by at desc limit 20`,
    [subject, id],
  );
  return rows;
}
