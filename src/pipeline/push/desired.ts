import { z } from 'zod';
import type { TargetKind } from '../../../connectors/contract.ts';
import type { Attribute, SubjectType } from '../../model/attribute.ts';
import type { ObjectType } from '../../model/record.ts';
import { type Experiment, heldOutSql } from '../../review/experiment.ts';
import { type Bindings, newBindings } from '../../segmentation/bindings.ts';
import type { Segmentation } from '../../segmentation/definition.ts';
import { labelColumn, listAttributes, listLabelColumns } from '../../store/columns.ts';
import { listExperiments } from '../../store/experiments.ts';
import { quoted } from '../../store/identifier.ts';
import type { Queryable } from '../../store/pool.ts';
import { recordTables } from '../../store/records.ts';
import { listPublished, listRetiredSegments } from '../../store/segmentations.ts';
import { listTargets, type TargetRow } from '../../store/targets.ts';
import type { Tenant } from '../../store/tenant.ts';

/** A value as it is kept in the ledger; absent there means that nothing is shown. */
export const Shown = z.union([z.string(), z.array(z.string()), z.boolean()]);
export type Shown = z.infer<typeof Shown>;
export const ShownByTarget = z.record(z.string(), Shown);

const DesiredRow = z.object({ key: z.string(), want: ShownByTarget });

/** How targets of a kind get at what they show; the other kinds are worked out by the CRM, or ride along. */
const SHOWN_AS: Partial<Record<TargetKind, 'label' | 'primary' | 'member'>> = {
  property: 'label',
  file: 'label',
  primary: 'primary',
  manual_list: 'member',
  campaign: 'member',
};

/** A target whose value each record of its object has or has not. */
export type ShownTarget = TargetRow & { shows: 'label' | 'primary' | 'member' };

export const isMembership = (target: ShownTarget): boolean => target.shows === 'member';

export function shownTargets(targets: readonly TargetRow[]): ShownTarget[] {
  return targets.flatMap((target) => {
    const shows = SHOWN_AS[target.kind];
    return shows === undefined ? [] : [{ ...target, shows }];
  });
}

/** What the values of all targets of one connection depend on, read once a slice. */
export type Scene = {
  tenant: Tenant;
  connectionId: string;
  asOf: Date;
  targets: TargetRow[];
  /** In force and with a column. */
  definitions: Map<string, Segmentation>;
  /** Segments that earlier versions had, by segmentation: still options of its property, hidden. */
  retiredSegments: Map<string, { key: string; name: string }[]>;
  attributes: Attribute[];
  /** Experiments that run: some members of a segment are left out of its plays, or of its label. */
  experiments: Experiment[];
};

export async function readScene(
  db: Queryable,
  tenant: Tenant,
  connectionId: string,
  asOf: Date,
): Promise<Scene> {
  const columns = {
    person: new Set(await listLabelColumns(db, tenant, 'person')),
    company: new Set(await listLabelColumns(db, tenant, 'company')),
  };
  const published = await listPublished(db, tenant);
  return {
    tenant,
    connectionId,
    asOf,
    targets: await listTargets(db, tenant, { connectionId }),
    definitions: new Map(
      published
        .filter(({ definition }) => columns[definition.subject].has(labelColumn(definition.key)))
        .map(({ key, definition }) => [key, definition]),
    ),
    retiredSegments: await listRetiredSegments(db, tenant),
    attributes: await listAttributes(db, tenant),
    experiments: (await listExperiments(db, tenant)).flatMap(({ state, experiment }) =>
      state === 'running' ? [experiment] : [],
    ),
  };
}

/** Which records to look at, by their id in the CRM; `after` excluded, `to` included, null for no end. */
export type Range = { after: string | null; to: string | null } | { keys: readonly string[] };

export const EVERYTHING: { after: string | null; to: string | null } = { after: null, to: null };

/** Where a person's consent forbids labels at all; the same columns keep the label stage from giving them. */
export function refusesProfiling(attributes: readonly Attribute[], alias: string): string {
  return anyTrue(attributes, alias, ['no_profiling', 'no_processing']);
}

function anyTrue(attributes: readonly Attribute[], alias: string, keys: readonly string[]): string {
  const present = keys.filter((key) => attributes.some((a) => a.owner === 'person' && a.key === key));
  if (present.length === 0) return 'false';
  return `(${present.map((key) => `coalesce(${alias}.${quoted(key)}, false)`).join(' or ')})`;
}

/**
 * The one statement that says what every live record of an object should show: `key`, `kind`, `email` and `want`, a
 * jsonb object of target id -> value without the empty ones. A label counts only as far as consent goes; marketing
 * lists also leave out who opted out of e-mail. The labels of a company's segmentation on contacts are those of the
 * person's company. Records that belong to no subject yet are left out: nobody knows what they should show.
 */
export function desiredSql(
  scene: Scene,
  object: ObjectType,
  targets: readonly ShownTarget[],
  range: Range,
  bindings: Bindings,
): string {
  const { schema } = scene.tenant;
  const { table, subject: link } = recordTables[object];
  const subject: SubjectType = object === 'company' ? 'company' : 'person';
  const values = targets.map((target) => [target.id, valueSql(scene, target, subject)] as const);
  const usesCompany = values.some(([, sql]) => sql.includes('c.'));
  const refused = subject === 'person' ? refusesProfiling(scene.attributes, 's') : 'false';
  const want =
    refused === 'false'
      ? objectSql(values)
      : `case when ${refused} then '{}'::jsonb else ${objectSql(values)} end`;
  // `offset 0` looks each subject up by its id: a hash join would read all subjects for every range of records.
  return `select r.id as key, r.kind, ${object === 'contact' ? 'r.email' : 'null::text as email'}, ${want} as want
    from ${schema}.${table} r
    cross join lateral (select * from ${schema}.${subject} where id = r.${link} offset 0) s
    ${usesCompany ? `left join lateral (select * from ${schema}.company where id = s.company_id offset 0) c on true` : ''}
    where r.connection_id = ${bindings.bind(scene.connectionId, 'text')} and r.state = 'live'
      ${rangeSql('r.id', range, bindings)}`;
}

export function rangeSql(column: string, range: Range, bindings: Bindings): string {
  if ('keys' in range) return `and ${column} = any(${bindings.bind(range.keys, 'text[]')})`;
  const after = range.after === null ? '' : `and ${column} > ${bindings.bind(range.after, 'text')}`;
  return range.to === null ? after : `${after} and ${column} <= ${bindings.bind(range.to, 'text')}`;
}

/** jsonb of one target's value; SQL null for none. Keys of segments are safe in quotes: a-z, 0-9, _. */
function valueSql(scene: Scene, target: ShownTarget, subject: SubjectType): string {
  const definition = scene.definitions.get(target.segmentation);
  // Retired: nothing is to be shown any more.
  if (definition === undefined) return 'null::jsonb';
  if (definition.subject === 'person' && subject === 'company') return 'null::jsonb';
  const alias = definition.subject === subject ? 's' : 'c';
  const isMany = definition.labels === 'many';
  const label = shownLabel(scene, definition, alias);
  if (target.shows === 'label') return isMany ? `nullif(to_jsonb(${label}), '[]')` : `to_jsonb(${label})`;
  if (target.shows === 'primary') {
    if (!isMany) return `to_jsonb(${label})`;
    const first = definition.segments.map(
      ({ key }) => `when '${key}' = any(${label}) then to_jsonb('${key}'::text)`,
    );
    return `case ${first.join(' ')} end`;
  }
  const holds = isMany ? `'${target.segment}' = any(${label})` : `${label} = '${target.segment}'`;
  const optedOut = subject === 'person' ? anyTrue(scene.attributes, 's', ['email_opted_out']) : 'false';
  const without = scene.experiments
    .filter(
      ({ on, segmentation, segment }) =>
        on === 'play' && segmentation === definition.key && segment === target.segment,
    )
    .map((experiment) => ` and not ${heldOutSql(experiment, `${alias}.id`)}`);
  return `case when ${holds}${optedOut === 'false' ? '' : ` and not ${optedOut}`}${without.join('')} then 'true'::jsonb end`;
}

/** The labels held, without those that an experiment keeps from being written. */
function shownLabel(scene: Scene, definition: Segmentation, alias: string): string {
  return scene.experiments
    .filter(({ on, segmentation }) => on === 'write_back' && segmentation === definition.key)
    .reduce(
      (label, experiment) => {
        const isHeld = heldOutSql(experiment, `${alias}.id`);
        if (definition.labels === 'one')
          return `(case when ${label} = '${experiment.segment}' and ${isHeld} then null else ${label} end)`;
        return `(case when ${isHeld} then array_remove(${label}, '${experiment.segment}') else ${label} end)`;
      },
      `${alias}.${quoted(labelColumn(definition.key))}`,
    );
}

/** A function takes at most 100 arguments. */
const PAIRS_AT_ONCE = 50;

function objectSql(values: readonly (readonly [string, string])[]): string {
  const parts: string[] = [];
  for (let i = 0; i < values.length; i += PAIRS_AT_ONCE) {
    const pairs = values.slice(i, i + PAIRS_AT_ONCE).map(([id, sql]) => `'${id}', ${sql}`);
    parts.push(`jsonb_strip_nulls(jsonb_build_object(${pairs.join(', ')}))`);
  }
  return parts.length === 0 ? `'{}'::jsonb` : parts.join(' || ');
}

/** Does a target show several values at once? */
export function isManyValued(scene: Scene, targetId: string): boolean {
  const target = scene.targets.find(({ id }) => id === targetId);
  if (target === undefined || target.kind === 'primary') return false;
  return scene.definitions.get(target.segmentation)?.labels === 'many';
}

/** What these records should show, whatever is pinned: target id -> value by record id. */
export async function readDesired(
  db: Queryable,
  scene: Scene,
  object: ObjectType,
  targets: readonly ShownTarget[],
  range: Range,
): Promise<Map<string, Record<string, Shown>>> {
  const bindings = newBindings();
  const { rows } = await db.query(desiredSql(scene, object, targets, range, bindings), bindings.values);
  return new Map(
    rows.map((row) => {
      const { key, want } = DesiredRow.parse(row);
      return [key, want];
    }),
  );
}
