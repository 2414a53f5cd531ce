import { columnType, type SubjectType } from '../model/attribute.ts';
import type { AttributeIndex } from './attribute-index.ts';
import { type Bindings, quoteName } from './bindings.ts';
import type { Operand } from './compile-comparison.ts';
import type { AttributeCondition } from './condition.ts';
import { ofPurchaseDays, type PurchaseColumn, purchaseDays, storedPurchases } from './purchase-days.ts';

export type Restriction = 'all' | { ids: readonly string[] } | { from: string; to: string };

/**
 * The innermost select: one row a subject with the columns that conditions use, each asked for by name and added
 * once. Deals and contacts are aggregated once per subject, in one grouped join per scope.
 */
export type Base = {
  subject: SubjectType;
  bindings: Bindings;
  /** A column of the subject. */
  own(key: string): Operand;
  /** The same as an expression for `keep`, inside the select. */
  ownInside(key: string): Operand;
  /** Works an expression over the subject's row out once for all that read it; returns the column. */
  keep(sql: string): string;
  /** Do several segments ask this very condition? */
  isShared(condition: AttributeCondition): boolean;
  /** A column of the person's company. */
  ofCompany(key: string): Operand;
  /** The labels held now, as stored, of a segmentation on the subject or on its company. */
  heldLabels(owner: SubjectType, segmentation: string): string;
  /** Does that segmentation hold one label a subject or many? Null where it has no column yet. */
  labelsOf(owner: SubjectType, segmentation: string): 'one' | 'many' | null;
  /** A score as stored when it was last worked out for all, at least once a day; null where there is none. */
  storedScore(owner: SubjectType, name: string): string;
  /** An aggregate over the rows of a scope that pass a filter (null: all); returns the column that carries it. */
  aggregate(scope: AggregateScope, aggregate: string, filter: string | null): string;
  /**
   * Days with purchases until a day, from deals that pass a filter. Returns expressions, null where there are none.
   * With a filter, or of deals that the subject only takes part in, they are worked out from the deals.
   */
  purchaseDays(deals: PurchasedDeals): Record<PurchaseColumn, string>;
  /** Are there columns that cost more than reading them, so that they must be worked out once? */
  hasFolded(): boolean;
  /** The select, with the alias `s` for the subject. */
  sql(): string;
};

/** A segmentation whose labels have a column now. */
export type StoredLabels = { subject: SubjectType; segmentation: string; labels: 'one' | 'many' };

export type PurchasedDeals = {
  scope: 'own' | 'involved';
  /** Over alias `d`; no later deal passes it. */
  filter: string;
  /** The last day that counts. */
  until: string;
  /** Are they all won deals that count? Then what profile keeps is read, and deals only where it knows later ones. */
  isAll: boolean;
};

export type AggregateScope = 'credited' | 'involved' | 'company' | 'contacts';

/** SQL of an attribute's column under an alias, an empty value read as the catalogue says. */
export function readOwned(
  attributes: AttributeIndex,
  owner: 'person' | 'company' | 'deal',
  alias: string,
  key: string,
): Operand {
  const attribute = attributes.get(owner, key);
  if (attribute === undefined) throw new Error(`no column for ${owner}.${key}`);
  const column = `${alias}.${quoteName(key)}`;
  const filled =
    attribute.empty === 'false'
      ? `coalesce(${column}, false)`
      : attribute.empty === 'zero'
        ? `coalesce(${column}, 0::${columnType[attribute.type]})`
        : column;
  return { sql: filled, type: attribute.type };
}

export function newBase(
  schema: string,
  subject: SubjectType,
  attributes: AttributeIndex,
  bindings: Bindings,
  restriction: Restriction,
  stored: readonly StoredLabels[],
  isShared: Base['isShared'],
): Base {
  const columns = new Map<string, string>();
  const joins = new Map<AggregateScope, Aggregate[]>();
  const purchases = new Map<string, { name: string; sql: string }>();
  let usesCompany = false;
  const kept = new Map<string, string>();
  let hasFolded = false;

  const add = (name: string, sql: string): string => {
    columns.set(name, sql);
    return `l.${name}`;
  };

  const fold = (name: string, sql: string): string => {
    hasFolded = true;
    return add(name, `lower(${sql} collate "C")`);
  };

  return {
    subject,
    bindings,
    hasFolded: () => hasFolded || kept.size > 0,
    isShared,
    ownInside: (key) => readOwned(attributes, subject, 's', key),
    keep(sql) {
      const known = kept.get(sql);
      if (known !== undefined) return known;
      const column = add(`t_${kept.size + 1}`, sql);
      kept.set(sql, column);
      return column;
    },
    own(key) {
      const { sql, type } = readOwned(attributes, subject, 's', key);
      return { sql: add(`a_${key}`, sql), type, folded: () => fold(`af_${key}`, sql) };
    },
    ofCompany(key) {
      usesCompany = true;
      const { sql, type } = readOwned(attributes, 'company', 'c', key);
      const known = sql.startsWith('coalesce') ? `case when c.id is not null then ${sql} end` : sql;
      return { sql: add(`c_${key}`, known), type, folded: () => fold(`cf_${key}`, known) };
    },
    heldLabels(owner, segmentation) {
      if (owner === subject) return add(`was_${segmentation}`, `s.${quoteName(`label_${segmentation}`)}`);
      usesCompany = true;
      return add(`cwas_${segmentation}`, `c.${quoteName(`label_${segmentation}`)}`);
    },
    labelsOf(owner, segmentation) {
      const found = stored.find((labels) => labels.subject === owner && labels.segmentation === segmentation);
      return found?.labels ?? null;
    },
    storedScore(owner, name) {
      const isOwn = owner === subject;
      if (!isOwn) usesCompany = true;
      // Looked up row by row: a join would read the scores of all subjects for each range of them.
      hasFolded = true;
      return add(
        `${isOwn ? 'x' : 'cx'}_${name.replace('.', '_')}`,
        `(select x.value from ${schema}.score x where x.subject = '${owner}' and x.subject_id = ${isOwn ? 's' : 'c'}.id
    and x.key = ${bindings.bind(name, 'text')})`,
      );
    },
    aggregate(scope, sql, filter) {
      const aggregates = joins.get(scope) ?? [];
      joins.set(scope, aggregates);
      const known = aggregates.find((one) => one.sql === sql && one.filter === filter);
      const name = known?.name ?? `${scope}_${aggregates.length + 1}`;
      if (known === undefined) aggregates.push({ name, sql, filter });
      return add(name, `${scope}.${name}`);
    },
    purchaseDays({ scope, filter, until, isAll }) {
      if (isAll && scope === 'own') {
        hasFolded = true;
        return storedPurchaseDays(schema, subject, filter, until, add);
      }
      const source = `${scope} ${filter}`;
      const name = purchases.get(source)?.name ?? `bought_${purchases.size + 1}`;
      if (!purchases.has(source)) {
        const sql = purchasesJoin(schema, subject, scope, filter, name, (column) =>
          where(column, restriction, bindings),
        );
        purchases.set(source, { name, sql });
      }
      const column = (part: PurchaseColumn): string => add(`${name}_${part}`, `${name}.${part}`);
      return { days: column('days'), first: column('first'), last: column('last'), again: column('again') };
    },
    sql() {
      const select = ['s.id', ...[...columns].map(([name, sql]) => `${sql} as ${name}`)];
      const from = [`from ${schema}.${subject} s`];
      if (usesCompany) from.push(`left join ${schema}.company c on c.id = s.company_id`);
      for (const [scope, aggregates] of joins) {
        from.push(
          groupedJoin(schema, subject, scope, aggregates, (column) => where(column, restriction, bindings)),
        );
      }
      for (const { sql } of purchases.values()) from.push(sql);
      const restricted = where('s.id', restriction, bindings);
      if (restricted !== '') from.push(`where ${restricted}`);
      return `select ${select.join(',\n  ')}\n${from.join('\n')}`;
    },
  };
}

/** A `where` condition that holds for the restricted alone; empty where that is all. */
export function where(column: string, restriction: Restriction, bindings: Bindings): string {
  if (restriction === 'all') return '';
  if ('ids' in restriction) {
    const [only, ...others] = restriction.ids;
    // Planned for any one subject this is as good as planned for that one; a list of unknown length is not.
    if (only !== undefined && others.length === 0) return `${column} = ${bindings.bind(only, 'bigint')}`;
    return `${column} = any(${bindings.bind(restriction.ids, 'bigint[]')})`;
  }
  return `${column} >= ${bindings.bind(restriction.from, 'bigint')} and ${column} <= ${bindings.bind(restriction.to, 'bigint')}`;
}

type Aggregate = { name: string; sql: string; filter: string | null };

/** One pass over the deals (or people) of the restricted subjects, grouped by subject. */
function groupedJoin(
  schema: string,
  subject: SubjectType,
  scope: AggregateScope,
  aggregates: readonly Aggregate[],
  restrict: (column: string) => string,
): string {
  const filters = [...new Set(aggregates.map((one) => one.filter))];
  const [only] = filters;
  const select = aggregates
    .map(
      ({ name, sql, filter }) =>
        `${sql}${filter === null || filters.length === 1 ? '' : ` filter (where ${filter})`} as ${name}`,
    )
    .join(', ');
  // Rows that no aggregate counts are left out before they are grouped.
  const anyFilter = filters.includes(null)
    ? ''
    : filters.length === 1
      ? ` and ${only}`
      : ` and (${filters.join(' or ')})`;
  const onCompanyOfPerson = subject === 'person' && scope === 'company';
  const group =
    scope === 'contacts'
      ? 'p.company_id'
      : scope === 'involved'
        ? 'dp.person_id'
        : groupOfDeals(subject, scope);
  const source =
    scope === 'contacts'
      ? `${schema}.person p`
      : scope === 'involved'
        ? `${schema}.deal_person dp join ${schema}.deal d on d.id = dp.deal_id`
        : `${schema}.deal d`;
  const restricted = onCompanyOfPerson ? restrict('o.id') : restrict(group);
  const filter = onCompanyOfPerson
    ? `where ${group} in (select o.company_id from ${schema}.person o${restricted === '' ? '' : ` where ${restricted}`})`
    : `where ${restricted === '' ? `${group} is not null` : restricted}`;
  const key = onCompanyOfPerson ? 's.company_id' : 's.id';
  return `left join (
  select ${group} as id, ${select}
  from ${source}
  ${filter}${anyFilter}
  group by 1
) ${scope} on ${scope}.id = ${key}`;
}

function groupOfDeals(subject: SubjectType, scope: AggregateScope): string {
  return subject === 'company' || scope === 'company' ? 'd.company_id' : 'd.person_id';
}

/**
 * The columns that profile keeps. Of a day in the past, for those who have bought since, and where profile has not been
 * yet, the same from their deals: a subquery, which costs nothing where it is not asked.
 */
function storedPurchaseDays(
  schema: string,
  subject: SubjectType,
  filter: string,
  until: string,
  add: (name: string, sql: string) => string,
): Record<PurchaseColumn, string> {
  const { days, first, last, again } = storedPurchases;
  const isKnown = `(s.${days} = 0 or s.${last} <= ${until})`;
  const inDays = (date: string): string => `${date} - date '1970-01-01'`;
  const parts = [
    `nullif(${ofPurchaseDays.days}, 0)`,
    inDays(ofPurchaseDays.first),
    inDays(ofPurchaseDays.last),
  ];
  const asOf = add(
    'bought_as_of',
    `case when ${isKnown} then null else (
    select array[${[...parts, ofPurchaseDays.again].join(', ')}]::double precision[]
    from (${purchaseDays(`${schema}.deal d`, `${groupOfDeals(subject, 'credited')} = s.id and ${filter}`, null)}) day
  ) end`,
  );
  const known = (name: string, sql: string): string => add(name, `case when ${isKnown} then ${sql} end`);
  const day = (place: number): string => `date '1970-01-01' + ${asOf}[${place}]::int`;
  return {
    days: `coalesce(${known(days, `nullif(s.${days}, 0)`)}, ${asOf}[1])`,
    first: `coalesce(${known(first, `s.${first}`)}, ${day(2)})`,
    last: `coalesce(${known(last, `s.${last}`)}, ${day(3)})`,
    again: `coalesce(${known(again, `s.${again}`)}, ${asOf}[4])`,
  };
}

/**
 * One row a subject that bought, with its deals merged by day. Merging takes several times as long as adding up, and
 * few need it: those with two deals of one day, with refunds, or with amounts that are not known.
 */
function purchasesJoin(
  schema: string,
  subject: SubjectType,
  scope: 'own' | 'involved',
  filter: string,
  name: string,
  restrict: (column: string) => string,
): string {
  const owner = scope === 'involved' ? 'dp.person_id' : groupOfDeals(subject, 'credited');
  const source =
    scope === 'involved'
      ? `${schema}.deal_person dp join ${schema}.deal d on d.id = dp.deal_id`
      : `${schema}.deal d`;
  const restricted = restrict(owner);
  const someone = restricted === '' ? `${owner} is not null` : restricted;
  const since = (day: string): string => `${day} - date '1970-01-01'`;
  // A bit for each day: where they are as many as the deals, no two fell on one day.
  const differBy = (prime: number): string =>
    `bit_count(bit_or(1::bigint << abs(${since('d.closed_at')}) % ${prime})::bit(64)) = count(*)`;
  const firstAmount = `(min(array[(${since('d.closed_at')})::double precision, d.revenue::double precision]))[2]`;
  const { days, first, last, again } = ofPurchaseDays;
  return `left join (
  select id, case when merged is null then days else nullif(merged[1], 0)::bigint end as days,
    case when merged is null then first else date '1970-01-01' + merged[2]::int end as first,
    case when merged is null then last else date '1970-01-01' + merged[3]::int end as last,
    case when merged is null then again else merged[4] end as again
  from (
    select one.*, case when not is_plain then (
      select array[${days}, ${since(first)}, ${since(last)}, ${again}]::double precision[]
      from (${purchaseDays(source, `${owner} = one.id and ${filter}`, null)}) day) end as merged
    from (
      select ${owner} as id, count(*) as days, min(d.closed_at) as first, max(d.closed_at) as last,
        sum(d.revenue)::double precision - ${firstAmount} as again,
        count(*) filter (where d.revenue > 0) = count(*) and (${differBy(63)} or ${differBy(61)}) as is_plain
      from ${source}
      where ${someone} and ${filter}
      group by 1
    ) one
    offset 0
  ) bought
) ${name} on ${name}.id = s.id`;
}
