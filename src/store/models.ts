import { Model } from '../segmentation/model.ts';
import type { Queryable } from './pool.ts';
import type { Tenant } from './tenant.ts';

/** One version of what a segmentation learned. */
export type ModelRow = {
  segmentation: string;
  version: number;
  /** The version of the definition that it was learned for. */
  definitionVersion: number;
  asOf: Date;
  learnedAt: Date;
  model: Model;
};

type Stored = Omit<ModelRow, 'model'> & { parameters: unknown };

const COLUMNS = `segmentation, version, definition_version as "definitionVersion", as_of as "asOf",
  learned_at as "learnedAt", parameters`;

const toRow = ({ parameters, ...row }: Stored): ModelRow => ({ ...row, model: Model.parse(parameters) });

/** The newest model of each segmentation, by its key. */
export async function newestModels(db: Queryable, tenant: Tenant): Promise<Map<string, ModelRow>> {
  const { rows } = await db.query<Stored>(
    `select distinct on (segmentation) ${COLUMNS} from ${tenant.schema}.model order by segmentation, version desc`,
  );
  return new Map(rows.map((row) => [row.segmentation, toRow(row)]));
}

/** Those versions, by segmentation. */
export async function listModels(
  db: Queryable,
  tenant: Tenant,
  versions: { key: string; version: number }[],
): Promise<Map<string, ModelRow>> {
  const { rows } = await db.query<Stored>(
    `select ${COLUMNS} from ${tenant.schema}.model
     where (segmentation, version) in (select * from unnest($1::text[], $2::int[]))`,
    [versions.map(({ key }) => key), versions.map(({ version }) => version)],
  );
  return new Map(rows.map((row) => [row.segmentation, toRow(row)]));
}

/** Adds the next version of a segmentation's model. */
export async function addModel(
  db: Queryable,
  tenant: Tenant,
  learned: {
    segmentation: string;
    definitionVersion: number;
    asOf: Date;
    model: Model;
    /** Why it gives nobody a label, if so. */
    notApplicable?: string | null;
  },
): Promise<number> {
  const { rows } = await db.query<{ version: number }>(
    `insert into ${tenant.schema}.model (segmentation, version, definition_version, as_of, parameters, summary)
     select $1, coalesce(max(version), 0) + 1, $2, $3, $4, jsonb_strip_nulls(jsonb_build_object('warnings', $4::jsonb -> 'warnings', 'notApplicable', $5::text))
     from ${tenant.schema}.model where segmentation = $1
     returning version`,
    [
      learned.segmentation,
      learned.definitionVersion,
      learned.asOf,
      learned.model,
      learned.notApplicable ?? null,
    ],
  );
  return rows[0]?.version ?? 1;
}
