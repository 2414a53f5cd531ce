import type { PrepareTarget } from '../connectors/contract.ts';
import { type Wanted, wantedOf } from '../connectors/salesforce/field-plan.ts';
import salesforce from '../connectors/salesforce/index.ts';
import { targetsOf } from '../src/pipeline/publish/target-choice.ts';
import { templateDefinitions } from '../src/pipeline/publish/template-files.ts';
import type { Segmentation } from '../src/segmentation/definition.ts';
import { templates } from '../src/segmentation/templates.ts';

/** The segmentations that come with the app. */
export const builtIn = (): Segmentation[] => templateDefinitions(templates.map(({ key }) => key));

/**
 * The fields that segmentations are shown in, as the connector would make them: one for each set of segments, one for
 * the first of several, and the date of the last change. Each once, in the order of the segmentations.
 */
export function fieldsOf(segmentations: Segmentation[]): Wanted[] {
  const fields = new Map<string, Wanted>();
  for (const segmentation of segmentations) {
    const { key, name, labels, segments } = segmentation;
    for (const { kind, object } of targetsOf(segmentation, '', salesforce)) {
      const target: PrepareTarget = {
        id: `${kind} ${object} ${key}`,
        kind,
        object,
        segmentation: { key, name, labels },
        segments,
        remote: null,
        mayCreate: true,
      };
      const wanted = wantedOf(target);
      fields.set(`${object} ${wanted.name}`, wanted);
    }
  }
  return [...fields.values()];
}

export type SObject = Wanted['sobjects'][number];
export const SOBJECTS: readonly SObject[] = ['Contact', 'Lead', 'Account'];

/** Those of one object. */
export const fieldsOn = (fields: Wanted[], sobject: SObject) =>
  fields.filter(({ sobjects }) => sobjects.includes(sobject));
