import { readFileSync } from 'node:fs';
import { InputError } from '../../errors.ts';
import type { Segmentation } from '../../segmentation/definition.ts';
import { parseSegmentations } from '../../segmentation/parse.ts';
import { templates } from '../../segmentation/templates.ts';

/** The definitions of these templates, each once. */
export function templateDefinitions(keys: readonly string[]): Segmentation[] {
  const found = new Map<string, Segmentation>();
  for (const key of new Set(keys)) {
    const segmentations = [...found.values()];
    for (const definition of parseSegmentations(templateText(key), {
      file: `template ${key}`,
      segmentations,
    }))
      found.set(definition.key, definition);
  }
  return [...found.values()];
}

/**
 * A template's file.
 * @throws InputError `template_unknown`
 */
export function templateText(key: string): string {
  const template = templates.find((one) => one.key === key);
  if (template) return readFileSync(template.file, 'utf8');
  throw new InputError('template_unknown', `There is no template "${key}".`, {
    action: `Use one of: ${templates.map((one) => one.key).join(', ')}.`,
  });
}
