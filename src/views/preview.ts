import { ConflictError } from '../errors.ts';
import type { SubjectType } from '../model/attribute.ts';
import { refuseSensitive } from '../pipeline/label/sensitive-gate.ts';
import { learnModel } from '../pipeline/learn/learn.ts';
import {
  missingData,
  type Plans,
  pinsNow,
  readPlans,
  readRequest,
  unfed,
} from '../pipeline/publish/plans.ts';
import { learns, type Plan } from '../segmentation/compile.ts';
import type { Restriction } from '../segmentation/compile-base.ts';
import type { Segmentation } from '../segmentation/definition.ts';
import { inLearnOrder } from '../segmentation/learn-order.ts';
import { type Preview, planPreview } from '../segmentation/preview.ts';
import { references } from '../segmentation/references.ts';
import { labelColumn } from '../store/columns.ts';
import { listDrafts } from '../store/drafts.ts';
import { listMappings, type MappingRow } from '../store/mappings.ts';
import type { Queryable } from '../store/pool.ts';
import { listPublished } from '../store/segmentations.ts';
import type { Tenant } from '../store/tenant.ts';

export type Previewed = Preview & {
  key: string;
  name: string;
  subject: SubjectType;
  /** Segment -> how a few of those in it are known: an e-mail address, a company's domain. */
  samples: Record<string, string[]>;
};

/** What drafts are worked out from. */
export type Basis = {
  request: Plans['request'];
  /** Label columns. */
  columns: Record<SubjectType, Set<string>>;
  mappings: MappingRow[];
  /** Of the segment sets, by key. */
  names: ReadonlyMap<string, string>;
};

export async function readBasis(db: Queryable, tenant: Tenant, asOf: Date): Promise<Basis> {
  const sets = [...(await listDrafts(db, tenant)), ...(await listPublished(db, tenant))];
  return {
    ...(await readRequest(db, tenant, asOf)),
    mappings: await listMappings(db, tenant),
    names: new Map(sets.map(({ key, definition }) => [key, definition.name])),
  };
}

/** Why a draft can't be worked out yet; null where it can. */
export function whatIsMissing(
  definition: Segmentation,
  { request, columns, mappings, names }: Basis,
): string | null {
  return (
    unfed(definition, request.attributes) ??
    missingData(definition, mappings, request.attributes) ??
    unlabelledCompany(definition, columns.company, names)
  );
}

/** People look at the labels that their company holds: there are none before its segmentation was published. */
function unlabelledCompany(
  definition: Segmentation,
  columns: ReadonlySet<string>,
  names: Basis['names'],
): string | null {
  if (definition.subject === 'company') return null;
  for (const reference of references(definition)) {
    if (reference.kind === 'attribute' || reference.subject !== 'company') continue;
    const [segmentation = ''] = reference.name.split('.');
    if (!columns.has(labelColumn(segmentation)))
      return `it builds on ${names.get(segmentation) ?? segmentation}, which labels no company yet`;
  }
  return null;
}

/** Drafts, then what is in force beside them; where drafts learn, they learn now, and nothing is stored. */
type Drafts = { request: Plans['request']; plans: Plan[] };

async function readDrafts(
  db: Queryable,
  tenant: Tenant,
  definitions: readonly Segmentation[],
  { request }: Basis,
  learn: typeof learnModel,
): Promise<Drafts> {
  const { plans: present } = await readPlans(db, tenant, {
    asOf: request.asOf,
    pins: await pinsNow(db, tenant),
  });
  const drafts: Plan[] = [];
  for (const { definition } of inLearnOrder(definitions.map((definition) => ({ definition })))) {
    const others = [...drafts, ...present];
    const model = learns(definition) ? await learn(db, definition, { ...request, others }) : null;
    drafts.push({ definition, model });
  }
  const keys = new Set(definitions.map(({ key }) => key));
  return { request, plans: [...drafts, ...present.filter(({ definition }) => !keys.has(definition.key))] };
}

/**
 * Who would be in segmentations that are not published, and what each of their rules keeps and drops.
 * @throws ConflictError where one can't be worked out yet, with the reason
 */
export async function previewSegmentations(
  db: Queryable,
  tenant: Tenant,
  definitions: readonly Segmentation[],
  options: { asOf: Date; samples: number; among?: Restriction; learn?: typeof learnModel },
): Promise<Previewed[]> {
  await refuseSensitive(db, tenant, definitions);
  const basis = await readBasis(db, tenant, options.asOf);
  for (const definition of definitions) {
    const reason = whatIsMissing(definition, basis);
    if (reason === null) continue;
    throw new ConflictError('not_ready', `${definition.name} can't be worked out yet: ${reason}.`, {
      action: 'Publish or run what it waits for, then preview it again.',
      retryable: true,
    });
  }
  const drafts = await readDrafts(db, tenant, definitions, basis, options.learn ?? learnModel);
  const previewed: Previewed[] = [];
  for (const { key } of definitions) previewed.push(await previewOne(db, tenant, drafts, key, options));
  return previewed;
}

async function previewOne(
  db: Queryable,
  tenant: Tenant,
  { request, plans }: Drafts,
  key: string,
  { samples, among = 'all' }: { samples: number; among?: Restriction },
): Promise<Previewed> {
  const plan = plans.find(({ definition }) => definition.key === key);
  if (plan === undefined) throw new Error(`no plan for ${key}`);
  const { name, subject } = plan.definition;
  const statement = planPreview({
    ...request,
    plan,
    others: neededBy(plan, plans),
    restrict: among,
    currency: tenant.currency,
    samples,
  });
  const { rows } = await db.query(statement.sql, statement.values);
  const preview = statement.interpret(rows[0] ?? {});
  const ids = preview.segments.flatMap(({ members }) => members);
  const names = ids.length === 0 ? new Map<string, string>() : await namesOf(db, tenant, subject, ids);
  const named = preview.segments.map(({ segment, members }) => [
    segment,
    members.map((id) => names.get(id) ?? id),
  ]);
  return { ...preview, key, name, subject, samples: Object.fromEntries(named) };
}

/** Those of the same subject that a plan builds on, and that these build on: the others need not be worked out. */
function neededBy(plan: Plan, plans: readonly Plan[]): Plan[] {
  const needed = new Set<Plan>();
  const visit = ({ definition }: Plan): void => {
    for (const reference of references(definition)) {
      if (reference.kind === 'attribute' || reference.subject !== plan.definition.subject) continue;
      const key = reference.name.split('.')[0];
      const other = plans.find((one) => one.definition.key === key);
      if (other === undefined || other === plan || needed.has(other)) continue;
      needed.add(other);
      visit(other);
    }
  };
  visit(plan);
  return [...needed];
}

/** How people know these subjects: an e-mail address, a company's domain; else `person:ID`. */
async function namesOf(
  db: Queryable,
  { schema }: Tenant,
  subject: SubjectType,
  ids: readonly string[],
): Promise<Map<string, string>> {
  const [table, owner, name] =
    subject === 'person'
      ? ['contact_record', 'person_id', 'email']
      : ['company_record', 'company_id', 'domain'];
  const { rows } = await db.query<{ id: string; name: string }>(
    `select ${owner}::text as id, min(${name}) as name from ${schema}.${table}
     where ${owner} = any($1::bigint[]) and state = 'live' and ${name} is not null group by 1`,
    [ids],
  );
  const known = new Map(rows.map(({ id, name: found }) => [id, found]));
  return new Map(ids.map((id) => [id, known.get(id) ?? `${subject}:${id}`]));
}
