import type { Command } from 'commander';
import { templateDefinitions, templateText } from '../pipeline/publish/template-files.ts';
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
