import type { Attribute } from '../model/attribute.ts';
import { catalogue } from '../segmentation/catalogue.ts';
import { type PrivacyWarning, privacyWarnings } from '../segmentation/privacy-warnings.ts';
import { references } from '../segmentation/references.ts';
import { attributeName, sensitiveUses } from '../segmentation/sensitive.ts';
import { listAttributes } from '../store/columns.ts';
import { listConnections } from '../store/connections.ts';
import { countErased } from '../store/erasure.ts';
import { type LawfulBasis, listBases } from '../store/lawful-bases.ts';
import { MONTHS_KEPT } from '../store/partitions.ts';
import type { Queryable } from '../store/pool.ts';
import { listPublished, type SegmentationRow } from '../store/segmentations.ts';
import { listTargets } from '../store/targets.ts';
import type { Tenant } from '../store/tenant.ts';

/** One processing activity: a segmentation in force. */
export type Activity = {
  key: string;
  name: string;
  goal: string | null;
  purpose: string | null;
  lawfulBasis: string | null;
  use: string;
  /** Affects price, credit or access: a person releases its targets, and hand edits stand. */
  needsPerson: boolean;
  responsible: string | null;
  decidedBy: string | null;
  inForceSince: Date | null;
  version: number;
  method: string;
  /** Whose data: people, or companies (whose contacts may be people). */
  subjects: 'people' | 'companies';
  segments: { key: string; name: string }[];
  attributes: { name: string; kind: string; sensitivity: Attribute['sensitivity'] }[];
  /** Sensitive data it uses, with the basis on record; null where that is missing. */
  sensitive: { attribute: string; why: 'sensitive' | 'minors'; basis: LawfulBasis | null }[];
  recipients: { connection: string; system: string; kind: string; segment: string | null; state: string }[];
  /** People erased since its present model was learned. */
  erasedSinceLearning: number;
  warnings: PrivacyWarning[];
};

/** The record of processing activities, as GDPR article 30 asks for one. */
export type ProcessingRecord = {
  madeAt: Date;
  controller: string;
  sources: { connection: string; system: string; mode: string }[];
  retention: { what: string; howLong: string }[];
  gates: string[];
  activities: Activity[];
};

/** How long what is kept; the same for every segmentation. */
export const RETENTION: ProcessingRecord['retention'] = [
  { what: 'Records, people and their labels', howLong: 'as long as the CRM has the record' },
  { what: 'Changes of labels, and values written to CRMs', howLong: `${MONTHS_KEPT} months` },
  { what: 'Sizes and revenue of segments (no personal data)', howLong: 'for good' },
  { what: 'Who did what (audit)', howLong: 'for good; it names users, not customers' },
  { what: 'Erased people', howLong: 'a code that names nobody and knows them again, for good' },
];

/** Who is left out, whatever a definition says. */
export const GATES = [
  'Objection to profiling or processing: no labels, no models, no lists.',
  'Opted out of e-mail: in no marketing list or campaign.',
  'Erased: never stored again.',
];

export async function processingRecord(db: Queryable, tenant: Tenant, asOf: Date): Promise<ProcessingRecord> {
  const attributes = await listAttributes(db, tenant);
  const bases = new Map((await listBases(db, tenant)).map((basis) => [attributeName(basis), basis]));
  const connections = await listConnections(db, tenant);
  const targets = await listTargets(db, tenant);
  const erased = await countErased(db, tenant);
  const activities = (await listPublished(db, tenant)).map((row): Activity => {
    const own = targets.filter(({ segmentation }) => segmentation === row.key);
    return {
      ...describe(row, attributes, bases, asOf),
      recipients: own.map(({ connectionId, kind, segment, state }) => {
        const connection = connections.find(({ id }) => id === connectionId);
        const { name = connectionId, system = '' } = connection ?? {};
        return { connection: name, system, kind, segment, state };
      }),
      erasedSinceLearning: erased.get(row.key) ?? 0,
    };
  });
  return {
    madeAt: asOf,
    controller: tenant.name,
    sources: connections.map(({ name, system, mode }) => ({ connection: name, system, mode })),
    retention: RETENTION,
    gates: GATES,
    activities,
  };
}

function describe(
  { key, version, definition, publishedAt, publishedBy }: SegmentationRow,
  attributes: readonly Attribute[],
  bases: ReadonlyMap<string, LawfulBasis>,
  asOf: Date,
): Omit<Activity, 'recipients' | 'erasedSinceLearning'> {
  const known = new Map(
    [...catalogue.map((entry) => entry.attribute), ...attributes].map((one) => [attributeName(one), one]),
  );
  const names = [...references(definition)].flatMap((reference) =>
    reference.kind === 'attribute' ? [attributeName(reference)] : [],
  );
  const uses = new Map(
    sensitiveUses(definition, { attributes, asOf }).map((use) => [attributeName(use), use.why]),
  );
  return {
    key,
    version,
    name: definition.name,
    goal: definition.goal ?? null,
    purpose: definition.purpose ?? null,
    lawfulBasis: definition.lawfulBasis ?? null,
    use: definition.use,
    needsPerson: definition.use === 'eligibility',
    responsible: definition.owner ?? null,
    decidedBy: publishedBy,
    inForceSince: publishedAt,
    method: definition.method,
    subjects: definition.subject === 'person' ? 'people' : 'companies',
    segments: definition.segments.map((segment) => ({ key: segment.key, name: segment.name })),
    attributes: [...new Set(names)].sort().map((name) => ({
      name,
      kind: known.get(name)?.kind ?? 'unknown',
      sensitivity: known.get(name)?.sensitivity ?? 'normal',
    })),
    sensitive: [...uses].map(([attribute, why]) => ({ attribute, why, basis: bases.get(attribute) ?? null })),
    warnings: privacyWarnings(definition, attributes),
  };
}
