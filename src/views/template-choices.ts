import type { SubjectType } from '../model/attribute.ts';
import { templateDefinitions } from '../pipeline/publish/template-files.ts';
import { indexAttributes } from '../segmentation/attribute-index.ts';
import { nameOfColumn } from '../segmentation/attribute-names.ts';
import type { Play } from '../segmentation/definition.ts';
import { unmetSegments } from '../segmentation/requirements.ts';
import { templates } from '../segmentation/templates.ts';
import { listAttributes } from '../store/columns.ts';
import { listDrafts } from '../store/drafts.ts';
import type { Queryable } from '../store/pool.ts';
import { listNewest } from '../store/segmentations.ts';
import type { Tenant } from '../store/tenant.ts';

export type TemplateChoice = {
  key: string;
  name: string;
  description: string;
  sets: {
    key: string;
    name: string;
    description: string | null;
    method: string;
    subject: SubjectType;
    isTaken: boolean;
    segments: {
      key: string;
      name: string;
      description: string | null;
      play: Play | null;
      /** Attributes that nothing feeds yet. */
      /** Attributes that nothing feeds, by key and by name. */
      lacks: string[];
      needs: string[];
    }[];
  }[];
};

/** The templates, with what this tenant's data lacks for each segment. */
export async function listTemplates(db: Queryable, tenant: Tenant): Promise<TemplateChoice[]> {
  const index = indexAttributes(await listAttributes(db, tenant));
  const taken = new Set(
    [...(await listNewest(db, tenant)), ...(await listDrafts(db, tenant))].map(({ key }) => key),
  );
  return templates.map(({ key, name, description }) => {
    const definitions = templateDefinitions([key]);
    const unmet = unmetSegments(definitions, index);
    const sets = definitions.map((one) => ({
      key: one.key,
      name: one.name,
      description: one.description ?? null,
      method: one.method,
      subject: one.subject,
      isTaken: taken.has(one.key),
      segments: one.segments.map((segment) => {
        const lacks =
          unmet.find((each) => each.segmentation === one.key && each.segment === segment.key)?.missing ?? [];
        return {
          key: segment.key,
          name: segment.name,
          description: segment.description ?? null,
          play: segment.play ?? null,
          lacks,
          needs: lacks.map((column) => nameOfColumn(column, one.subject)),
        };
      }),
    }));
    return { key, name, description, sets };
  });
}
