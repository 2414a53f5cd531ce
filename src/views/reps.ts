import type { Attention } from '../model/attention.ts';
import type { SubjectType } from '../model/attribute.ts';
import type { Segmentation } from '../segmentation/definition.ts';
import { labelColumn, listAttributes, listLabelColumns } from '../store/columns.ts';
import { quoted } from '../store/identifier.ts';
import { ownerIds } from '../store/owners.ts';
import type { Queryable } from '../store/pool.ts';
import { listPublished } from '../store/segmentations.ts';
import type { Tenant } from '../store/tenant.ts';

/** A customer who needs their owner, with what to do. No amount of money: it only orders the list. */
export type OwnCustomer = {
  subject: SubjectType;
  id: string;
  name: string | null;
  labels: {
    segmentation: string;
    segment: string;
    name: string;
    /** Since when, where the history tells. */
    since: Date | null;
    play: { channel?: string; message?: string; offer?: string } | null;
  }[];
};

export type OwnList = {
  /** False where no CRM knows the asker as an owner. */
  isOwner: boolean;
  items: OwnCustomer[];
};

type Wanted = { definition: Segmentation; segments: string[] };

/** Own customers in a segment that asks for their owner, the most valuable first. */
export async function ownAtRisk(
  db: Queryable,
  tenant: Tenant,
  email: string,
  limit: number,
): Promise<OwnList> {
  return ownCustomers(db, tenant, email, { limit, segments: atRisk, since: null });
}

/** Own customers who came into a segment since then, the most valuable first. */
export async function ownNew(
  db: Queryable,
  tenant: Tenant,
  email: string,
  since: Date,
  limit: number,
): Promise<OwnList> {
  return ownCustomers(db, tenant, email, { limit, segments: news, since });
}

type Choice = { limit: number; segments: (definition: Segmentation) => string[]; since: Date | null };

const marked = ({ segments }: Segmentation, attention: Attention): string[] =>
  segments.filter((segment) => segment.attention === attention).map(({ key }) => key);

const atRisk = (definition: Segmentation): string[] => marked(definition, 'at_risk');

/** Those that say so; of a set where none does, all: owners shall know of segments that nobody thought about. */
function news(definition: Segmentation): string[] {
  const own = marked(definition, 'new');
  return own.length > 0 ? own : definition.segments.map(({ key }) => key);
}

async function ownCustomers(db: Queryable, tenant: Tenant, email: string, choice: Choice): Promise<OwnList> {
  const owners = await ownerIds(db, tenant, email);
  if (owners.length === 0) return { isOwner: false, items: [] };
  const published = await listPublished(db, tenant);
  const found = [];
  for (const subject of ['person', 'company'] as const) {
    const columns = new Set(await listLabelColumns(db, tenant, subject));
    const wanted = published.flatMap(({ definition }): Wanted[] => {
      if (definition.subject !== subject || !columns.has(labelColumn(definition.key))) return [];
      const segments = choice.segments(definition);
      return segments.length === 0 ? [] : [{ definition, segments }];
    });
    if (wanted.length > 0) found.push(...(await ofSubject(db, tenant, subject, owners, wanted, choice)));
  }
  const items = found.sort((a, b) => b.value - a.value).slice(0, choice.limit);
  return { isOwner: true, items: items.map(({ value: _, ...item }) => item) };
}

type Held = { segmentation: string; segment: string; since: string | null };

async function ofSubject(
  db: Queryable,
  tenant: Tenant,
  subject: SubjectType,
  owners: readonly string[],
  wanted: readonly Wanted[],
  { limit, since }: Choice,
): Promise<(OwnCustomer & { value: number })[]> {
  const { schema } = tenant;
  const keys = new Set(
    (await listAttributes(db, tenant)).filter(({ owner }) => owner === subject).map(({ key }) => key),
  );
  if (!keys.has('owner')) return [];
  const parts = (subject === 'person' ? ['first_name', 'last_name'] : ['name']).filter((key) =>
    keys.has(key),
  );
  const name =
    parts.length === 0
      ? 'null::text'
      : `nullif(concat_ws(' ', ${parts.map((key) => `s.${quoted(key)}`).join(', ')}), '')`;
  const value = keys.has('revenue_total') ? 'coalesce(s.revenue_total, 0)' : '0';
  const refused = ['no_profiling', 'no_processing']
    .filter((key) => keys.has(key))
    .map((key) => ` and not coalesce(s.${quoted(key)}, false)`);
  // Keys are a-z, 0-9 and _, and come from definitions that were parsed.
  const held = wanted.flatMap(({ definition, segments }) =>
    segments.map((segment) => {
      const column = `s.${quoted(labelColumn(definition.key))}`;
      const holds =
        definition.labels === 'many' ? `'${segment}' = any(${column})` : `${column} = '${segment}'`;
      return `select '${definition.key}' as segmentation, '${segment}' as segment where ${holds}`;
    }),
  );
  const { rows } = await db.query<{ id: string; name: string | null; value: string; labels: Held[] }>(
    `select s.id, ${name} as name, ${value}::text as value, h.labels
     from ${schema}.${subject} s
     cross join lateral (
       select jsonb_agg(jsonb_build_object('segmentation', l.segmentation, 'segment', l.segment, 'since', c.since)) as labels
       from (${held.join(' union all ')}) l
       left join lateral (
         select max(at) as since from ${schema}.label_change
         where subject = '${subject}' and subject_id = s.id and segmentation = l.segmentation
           and l.segment = any(entered)
       ) c on true
       where $2::timestamptz is null or c.since >= $2
     ) h
     where s.owner = any($1) and h.labels is not null${refused.join('')}
     order by ${value} desc, s.id limit $3`,
    [owners, since, limit],
  );
  const definitions = new Map(wanted.map(({ definition }) => [definition.key, definition]));
  return rows.map((row) => ({
    subject,
    id: row.id,
    name: row.name,
    value: Number(row.value),
    labels: row.labels.flatMap((label) => toLabel(definitions.get(label.segmentation), label)),
  }));
}

function toLabel(definition: Segmentation | undefined, held: Held): OwnCustomer['labels'] {
  const segment = definition?.segments.find(({ key }) => key === held.segment);
  if (definition === undefined || segment === undefined) return [];
  const { channel, message, offer } = segment.play ?? {};
  const play = {
    ...(channel !== undefined && { channel }),
    ...(message !== undefined && { message }),
    ...(offer !== undefined && { offer }),
  };
  return [
    {
      segmentation: definition.name,
      segment: held.segment,
      name: segment.name,
      since: held.since === null ? null : new Date(held.since),
      play: Object.keys(play).length === 0 ? null : play,
    },
  ];
}
