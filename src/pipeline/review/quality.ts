import { ownerOf } from '../../model/attribute.ts';
import type { ObjectType } from '../../model/record.ts';
import { type Fix, rankFixes } from '../../review/fixes.ts';
import { listConnections } from '../../store/connections.ts';
import { listMappings, type MappingRow } from '../../store/mappings.ts';
import type { Queryable } from '../../store/pool.ts';
import { recordTables } from '../../store/records.ts';
import type { Tenant } from '../../store/tenant.ts';
import { readLosses, type SegmentLoss } from './losses.ts';
import { inChunks, type ReviewScene, readReviewScene } from './scene.ts';

/** A value counts as fresh while its record changed within so many days. */
const FRESH_DAYS = 365;
const AT_ONCE = 8;

/** One attribute on one connection: how many of its records have a value, a readable one, a fresh one. */
export type AttributeQuality = {
  connection: string;
  object: ObjectType;
  attribute: string;
  name: string;
  property: string;
  records: number;
  known: number;
  /** Of all records. */
  knownShare: number | null;
  /** Values that are not of the attribute's type. */
  invalid: number;
  /** Readable ones among those given. */
  validShare: number | null;
  /** Of the known ones, those of records that changed within FRESH_DAYS. */
  freshShare: number | null;
  /** Why it can't be read now. */
  problem: string | null;
};

/** One kind of record on one connection: several records of one subject are duplicates. */
export type RecordQuality = {
  connection: string;
  name: string;
  object: ObjectType;
  records: number;
  subjects: number;
  /** Records too many: more than one a subject. */
  duplicates: number;
  recordsPerSubject: number | null;
};

export type Quality = {
  asOf: Date;
  records: RecordQuality[];
  attributes: AttributeQuality[];
  losses: SegmentLoss[];
  /** The ten that would move most customers. */
  fixes: Fix[];
};

/** How good the data is, what segments lose by it, and what to mend first; `key` restricts losses and fixes. */
export async function readQuality(db: Queryable, tenant: Tenant, asOf: Date, key?: string): Promise<Quality> {
  const scene = await readReviewScene(db, tenant, asOf);
  const connections = await listConnections(db, tenant);
  const mappings = await listMappings(db, tenant);
  const attributes: AttributeQuality[] = [];
  const records: RecordQuality[] = [];
  for (const { id, name } of connections) {
    for (const object of ['contact', 'company', 'deal'] as const) {
      const mapped = mappings.filter((row) => row.connectionId === id && row.object === object);
      records.push({ name, ...(await readRecords(db, tenant, id, object)) });
      attributes.push(...(await inChunks(mapped, AT_ONCE, (chunk) => readAttributes(db, scene, chunk))));
    }
  }
  const losses = await readLosses(db, scene, key);
  return { asOf, records, attributes, losses, fixes: rankFixes(losses, attributes) };
}

async function readRecords(
  db: Queryable,
  { schema }: Tenant,
  connection: string,
  object: ObjectType,
): Promise<Omit<RecordQuality, 'name'>> {
  const { table, subject } = recordTables[object];
  const { rows } = await db.query<{ records: number; unified: number; subjects: number }>(
    `select count(*)::int as records, count(${subject})::int as unified, count(distinct ${subject})::int as subjects
     from ${schema}.${table} where connection_id = $1 and state = 'live'`,
    [connection],
  );
  const { records, unified, subjects } = rows[0] ?? { records: 0, unified: 0, subjects: 0 };
  return {
    connection,
    object,
    records,
    subjects,
    duplicates: unified - subjects,
    recordsPerSubject: subjects === 0 ? null : unified / subjects,
  };
}

/** Mappings of one connection and object. */
async function readAttributes(
  db: Queryable,
  { tenant, index, asOf }: ReviewScene,
  mappings: readonly MappingRow[],
): Promise<AttributeQuality[]> {
  const [first] = mappings;
  if (first === undefined) return [];
  const values: unknown[] = [first.connectionId, new Date(asOf.getTime() - FRESH_DAYS * 86_400_000)];
  const counts = mappings.map(({ attribute }, i) => {
    values.push(attribute);
    const key = `$${values.length}::text`;
    return `count(*) filter (where properties ? ${key})::int as known${i},
      count(*) filter (where properties ? ${key} and changed_at > $2)::int as fresh${i},
      count(*) filter (where invalid ? ${key})::int as invalid${i}`;
  });
  const { rows } = await db.query<Record<string, number>>(
    `select count(*)::int as records, ${counts.join(', ')}
     from ${tenant.schema}.${recordTables[first.object].table}
     where connection_id = $1 and state = 'live' and $2::timestamptz is not null`,
    values,
  );
  const row = rows[0] ?? {};
  return mappings.flatMap(({ connectionId, object, attribute, property, problem }, i) => {
    const known = row[`known${i}`] ?? 0;
    const invalid = row[`invalid${i}`] ?? 0;
    const records = row.records ?? 0;
    // Cross references of other systems are mapped too, but are no attributes.
    const found = index.get(ownerOf[object], attribute);
    if (found === undefined) return [];
    return {
      connection: connectionId,
      object,
      attribute,
      name: found.name,
      property,
      records,
      known,
      knownShare: share(known, records),
      invalid,
      validShare: share(known, known + invalid),
      freshShare: share(row[`fresh${i}`] ?? 0, known),
      problem,
    };
  });
}

const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
