import { readFile } from 'node:fs/promises';
import { InputError } from '../errors.ts';
import { templateText } from '../pipeline/publish/template-files.ts';
import type { Segmentation } from '../segmentation/definition.ts';
import { definitionInvalid, type PlacedProblem, readSegmentations } from '../segmentation/parse.ts';
import { listAttributes } from '../store/columns.ts';
import { sensitiveAllowed } from '../store/lawful-bases.ts';
import { listPublished } from '../store/segmentations.ts';
import type { Session } from './session.ts';

type Source = { file: string; text: string };

/**
 * The definitions of files and templates, which may refer to each other and to what is published.
 * @throws InputError that lists everything that is wrong, with its line
 */
export async function readDefinitions(
  { app, tenant }: Session,
  files: readonly string[],
  templates: readonly string[] = [],
): Promise<Segmentation[]> {
  if (files.length + templates.length === 0) {
    throw new InputError('file_missing', 'No file of segmentations was named.', {
      action: 'Name YAML files, or a template with --template KEY; `templates` lists them.',
    });
  }
  const sources: Source[] = [];
  for (const file of files) sources.push({ file, text: await readText(file) });
  for (const key of templates) sources.push({ file: `template ${key}`, text: templateText(key) });

  const { pool } = app.store;
  const attributes = await listAttributes(pool, tenant);
  const allowed = await sensitiveAllowed(pool, tenant);
  const published = (await listPublished(pool, tenant)).map(({ definition }) => definition);
  const drafts = sources.map(({ file, text }) => readSegmentations(text, { file }).definitions);
  const definitions: Segmentation[] = [];
  const problems: PlacedProblem[] = [];
  for (const [index, { file, text }] of sources.entries()) {
    const others = drafts.filter((_, other) => other !== index).flat();
    const own = new Set(others.map(({ key }) => key));
    const segmentations = [...published.filter(({ key }) => !own.has(key)), ...others];
    const read = readSegmentations(text, { file, attributes, segmentations, sensitiveAllowed: allowed });
    problems.push(...read.problems);
    for (const definition of read.definitions) {
      if (definitions.some(({ key }) => key === definition.key))
        problems.push({ file, line: 1, column: 1, message: `${definition.key} is in another file, too` });
      definitions.push(definition);
    }
  }
  if (problems.length > 0) throw definitionInvalid(problems);
  return definitions;
}

async function readText(file: string): Promise<string> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new InputError('file_unreadable', `The file ${file} can't be read. Nothing was changed.`, {
      action: 'Check its path and permissions.',
      cause,
    });
  });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new InputError('file_not_utf8', `The file ${file} is not UTF-8. Nothing was changed.`, {
      action: 'Save it as UTF-8.',
      cause,
    });
  }
}
