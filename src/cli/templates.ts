import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { InputError } from '../errors.ts';
import type { Segmentation } from '../segmentation/definition.ts';
import { parseSegmentations } from '../segmentation/parse.ts';
import { templates } from '../segmentation/templates.ts';
import pc from './colours.ts';
import { createOutput } from './output.ts';
import type { CommonOptions } from './session.ts';

export function registerTemplates(program: Command): void {
  program
    .command('templates')
    .argument('[key]', 'show this one as YAML, to start your own from')
    .description('The segmentations that come with the app, by industry.')
    .addHelpText(
      'after',
      `
Examples:
  npm run -s cli -- templates
  npm run -s cli -- templates saas > my-segments.yaml
  npm run -s cli -- apply --template rfm`,
    )
    .action((key: string | undefined, _flags: CommonOptions, command: Command) => {
      const output = createOutput(command.optsWithGlobals<CommonOptions>().json ?? false);
      if (key !== undefined) {
        const text = templateText(key);
        output.line(text.trimEnd());
        output.result({ key, text });
        return;
      }
      for (const template of templates) {
        const definitions = templateDefinitions([template.key]);
        output.line(`${pc.bold(template.key)}  ${template.name}`);
        output.line(`    ${template.description}`);
        for (const { name, segments } of definitions)
          output.line(pc.dim(`    ${name}: ${segments.map((segment) => segment.name).join(', ')}`));
      }
      output.result({
        templates: templates.map(({ key: name, name: title, description }) => ({
          key: name,
          name: title,
          description,
          segmentations: templateDefinitions([name]).map((one) => ({
            key: one.key,
            segments: one.segments.map((segment) => segment.key),
          })),
        })),
      });
    });
}

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

/** A template's file. */
export function templateText(key: string): string {
  const template = templates.find((one) => one.key === key);
  if (template) return readFileSync(template.file, 'utf8');
  throw new InputError('template_unknown', `There is no template "${key}".`, {
    action: `Use one of: ${templates.map((one) => one.key).join(', ')}.`,
  });
}
