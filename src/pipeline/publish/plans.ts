import { type Attribute, ownerOf, type SubjectType } from '../../model/attribute.ts';
import { nameOfAttribute } from '../../segmentation/attribute-names.ts';
import { type CompileRequest, learns, type Plan } from '../../segmentation/compile.ts';
import type { StoredLabels } from '../../segmentation/compile-base.ts';
import type { Segmentation } from '../../segmentation/definition.ts';
import { hasCutPoints } from '../../segmentation/percentile.ts';
import { methodReferences, references } from '../../segmentation/references.ts';
import { labelColumn, listAttributes, listLabelColumns } from '../../store/columns.ts';
import { listMappings, type MappingRow } from '../../store/mappings.ts';
import { listModels } from '../../store/models.ts';
import type { Queryable } from '../../store/pool.ts';
import { listPublished, listVersions } from '../../store/segmentations.ts';
import type { Tenant } from '../../store/tenant.ts';
import { readGate, type SensitiveGate, whyRefused } from '../label/sensitive-gate.ts';
import type { RunScope } from '../stage.ts';

/** Everything that labelling depends on besides the data, as pinned by the run. */
export type Plans = {
  plans: Plan[];
  /** Segmentations that keep their present labels, and why. */
  waiting: { segmentation: string; reason: string }[];
  /** For compileLabels. */
  request: Omit<CompileRequest, 'subject' | 'segmentations' | 'restrict'>;
};

/** The definitions and models of a run; those that can't be worked out now keep their labels. */
export async function readPlans(
  db: Queryable,
  tenant: Tenant,
  run: Pick<RunScope, 'asOf' | 'pins'>,
): Promise<Plans> {
  const pins = Object.entries(run.pins);
  const rows = await listVersions(
    db,
    tenant,
    pins.map(([key, { definition }]) => ({ key, version: definition })),
  );
  const models = await listModels(
    db,
    tenant,
    pins.flatMap(([key, { model }]) => (model === null ? [] : [{ key, version: model }])),
  );
  const { request, columns } = await readRequest(db, tenant, run.asOf);
  const mappings = await listMappings(db, tenant);
  const gate = await readGate(db, tenant, run.asOf);
  const plans: Plan[] = [];
  const waiting: Plans['waiting'] = [];
  for (const { key, version, definition } of rows) {
    const learned = models.get(key);
    // A model of another definition may lack what this one asks for.
    const model = learned?.definitionVersion === version ? learned.model : null;
    const reason =
      reasonToWait(definition, columns, gate) ??
      unfed(definition, request.attributes) ??
      notLearned(definition, model, request.attributes) ??
      missingData(definition, mappings, request.attributes);
    if (reason === null) plans.push({ definition, model });
    else waiting.push({ segmentation: key, reason });
  }
  return { plans, waiting, request };
}

/** What compiling needs to know of the tenant. */
export async function readRequest(
  db: Queryable,
  tenant: Tenant,
  asOf: Date,
): Promise<{ request: Plans['request']; columns: Record<SubjectType, Set<string>> }> {
  const columns = {
    person: new Set(await listLabelColumns(db, tenant, 'person')),
    company: new Set(await listLabelColumns(db, tenant, 'company')),
  };
  const stored = (await listPublished(db, tenant)).flatMap(({ key, definition }): StoredLabels[] =>
    columns[definition.subject].has(labelColumn(key))
      ? [{ subject: definition.subject, segmentation: key, labels: definition.labels }]
      : [],
  );
  const request = {
    schema: tenant.schema,
    attributes: await listAttributes(db, tenant),
    asOf,
    zone: tenant.zone,
    fiscalYearStart: tenant.fiscalYearStart,
    stored,
  };
  return { request, columns };
}

function reasonToWait(
  definition: Segmentation,
  columns: Record<SubjectType, Set<string>>,
  gate: SensitiveGate,
): string | null {
  if (!columns[definition.subject].has(labelColumn(definition.key))) return 'it was retired meanwhile';
  return whyRefused(definition, gate);
}

function notLearned(
  definition: Segmentation,
  model: Plan['model'],
  attributes: readonly Attribute[],
): string | null {
  const isLearned =
    !learns(definition) ||
    (model?.method === definition.method && hasCutPoints(definition, model, attributes));
  return isLearned ? null : 'it has not learned from the data yet';
}

/** Where nothing feeds what a whole method learns from, there is nothing to learn; a rule alone is just unmet. */
export function unfed(definition: Segmentation, attributes: readonly Attribute[]): string | null {
  if (!learns(definition)) return null;
  const named = [...methodReferences(definition)].filter((reference) => reference.kind === 'attribute');
  const missing = named.flatMap(({ owner, key }) => {
    if (attributes.some((one) => one.owner === owner && one.key === key)) return [];
    return [nameOfAttribute({ owner, key }, definition.subject)];
  });
  return missing.length === 0 ? null : `it needs ${[...new Set(missing)].join(', ')}, which nothing feeds`;
}

/** An attribute that a definition uses and that can't be read, or is not read for all records yet; null for none. */
export function missingData(
  definition: Segmentation,
  mappings: readonly MappingRow[],
  attributes: readonly Attribute[],
): string | null {
  for (const reference of references(definition)) {
    if (reference.kind !== 'attribute') continue;
    const feeding = mappings.filter(
      ({ object, attribute }) => ownerOf[object] === reference.owner && attribute === reference.key,
    );
    const problem = feeding.find((mapping) => mapping.problem !== null);
    const name = nameOfAttribute(reference, definition.subject, attributes);
    if (problem) return `${name}: ${problem.problem}`;
    if (feeding.some(({ filled }) => !filled)) return `${name} is filling`;
  }
  return null;
}

/** The versions that a run would pin if it began now. */
export async function pinsNow(db: Queryable, { schema }: Tenant): Promise<RunScope['pins']> {
  const { rows } = await db.query<{ key: string; definition: number; model: number | null }>(
    `select s.key, s.version as definition,
       (select max(m.version) from ${schema}.model m where m.segmentation = s.key) as model
     from ${schema}.segmentation s where s.state = 'published'`,
  );
  return Object.fromEntries(rows.map(({ key, definition, model }) => [key, { definition, model }]));
}
