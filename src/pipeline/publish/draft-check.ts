/** Is a definition right? The same answer for YAML that somebody writes and for what the builder made. */
import { stringify } from 'yaml';
import { indexAttributes } from '../../segmentation/attribute-index.ts';
import type { Segmentation } from '../../segmentation/definition.ts';
import { definitionInvalid, type PlacedProblem, readSegmentations } from '../../segmentation/parse.ts';
import { type PrivacyWarning, privacyWarnings } from '../../segmentation/privacy-warnings.ts';
import { type Unmet, unmetSegments } from '../../segmentation/requirements.ts';
import { listAttributes } from '../../store/columns.ts';
import { listDrafts } from '../../store/drafts.ts';
import { sensitiveAllowed } from '../../store/lawful-bases.ts';
import type { Queryable } from '../../store/pool.ts';
import { listPublished } from '../../store/segmentations.ts';
import type { Tenant } from '../../store/tenant.ts';

export type Given = { text: string } | { definition: unknown };

export type Checked = {
  /** As YAML: the text given, or what was written from the definition; places are in it. */
  text: string;
  /** Those that could be read; all of them where there are no problems. */
  definitions: Segmentation[];
  problems: PlacedProblem[];
  warnings: PrivacyWarning[];
  /** Segments that lack attributes: nobody gets them until something feeds those. */
  unmet: Unmet[];
};

const FILE = 'definition';

export const asYaml = (definition: unknown): string => stringify(definition, { lineWidth: 110 });

/**
 * Reads and checks against the tenant's attributes and other segment sets. Drafts of others count as there, so that a
 * template of several can be written together; publishing asks for those in force alone (`readChecked`).
 */
export async function checkGiven(
  db: Queryable,
  tenant: Tenant,
  given: Given,
  options: { withDrafts: boolean } = { withDrafts: true },
): Promise<Checked> {
  const text = 'text' in given ? given.text : asYaml(given.definition);
  const attributes = await listAttributes(db, tenant);
  const published = (await listPublished(db, tenant)).map(({ definition }) => definition);
  const drafts = options.withDrafts ? (await listDrafts(db, tenant)).map(({ definition }) => definition) : [];
  const others = [...new Map([...published, ...drafts].map((one) => [one.key, one])).values()];
  const { definitions, problems } = readSegmentations(text, {
    file: FILE,
    attributes,
    segmentations: others,
    sensitiveAllowed: await sensitiveAllowed(db, tenant),
  });
  const keys = new Set(definitions.map(({ key }) => key));
  const together = [...definitions, ...others.filter(({ key }) => !keys.has(key))];
  return {
    text,
    definitions,
    problems,
    warnings: definitions.flatMap((definition) => privacyWarnings(definition, attributes)),
    unmet: unmetSegments(together, indexAttributes(attributes)).filter(({ segmentation }) =>
      keys.has(segmentation),
    ),
  };
}

/**
 * A definition that can be published now.
 * @throws InputError `definition_invalid` with every problem
 */
export async function readChecked(db: Queryable, tenant: Tenant, given: unknown): Promise<Segmentation> {
  const { definitions, problems } = await checkGiven(
    db,
    tenant,
    { definition: given },
    { withDrafts: false },
  );
  const [definition] = definitions;
  if (problems.length > 0 || definition === undefined) throw definitionInvalid(problems);
  return definition;
}
