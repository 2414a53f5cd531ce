import type { SubjectType } from '../model/attribute.ts';
import { showList } from '../model/list-words.ts';
import { nameOfColumn } from '../segmentation/attribute-names.ts';
import type { Unmet } from '../segmentation/requirements.ts';
import type { Output } from './output.ts';

/** A line for each attribute that nothing feeds: which segments go by their other conditions, and how to feed it. */
export function showPassedOver(
  passedOver: readonly Pick<Unmet, 'segment' | 'missing'>[],
  subject: SubjectType,
  output: Output,
): void {
  const attributes = new Set(passedOver.flatMap(({ missing }) => missing));
  for (const attribute of attributes) {
    const segments = passedOver.flatMap(({ segment, missing }) =>
      missing.includes(attribute) ? [segment] : [],
    );
    const go = segments.length === 1 ? 'goes' : 'go';
    output.line(
      `  Nothing feeds ${nameOfColumn(attribute, subject)}: ${showList(segments, 'and')} ${go} by the other conditions. To count it too, map a CRM property to it in the workspace, under Mapping.`,
    );
  }
}
