import { readFileSync } from 'node:fs';
import { InputError } from '../errors.ts';
import type { Segmentation } from '../segmentation/definition.ts';
import { parseSegmentations } from '../segmentation/parse.ts';
import { templates } from '../segmentation/templates.ts';

/** The definitions of these templates, each once. */
export function templateDefinitions(keys: readonly string[]): Segmentation[] {
  const found = new Map<string, Segmentation>();
  for (const key of new Set(keys)) {
    for (const definition of readTemplate(key, [...found.values()])) found.set(definition.key, definition);
  }
  return [...found.values()];
}

function readTemplate(key: string, segmentations: readonly Segmentation[]): Segmentation[] {
  const template = templates.find((one) => one.key === key);
  if (template)
    return parseSegmentations(readFileSync(template.file, 'utf8'), {
      file: `template ${key}`,
      segmentations,
    });
  throw new InputError('template_unknown', `There is no template "${key}".`, {
    action: `Use one of: ${templates.map((one) => one.key).join(', ')}.`,
  });
}
