import type { Command } from 'commander';
import { InputError } from '../errors.ts';
import { showShare } from '../model/share-words.ts';
import type { Segmentation } from '../segmentation/definition.ts';
import { type Previewed, previewSegmentations } from '../views/preview.ts';
import pc from './colours.ts';
import { readDefinitions } from './definitions.ts';
import { parseInstant } from './instant.ts';
import { count, type Output, table } from './output.ts';
import { showPassedOver } from './passed-over.ts';
import { type CommonOptions, withSession } from './session.ts';

type PreviewFlags = CommonOptions & { template?: string; samples: string; asOf?: string };

const MOST_SAMPLES = 50;

export function registerPreview(program: Command): void {
  program
    .command('preview')
    .argument('[file]', 'a YAML file of segmentations')
    .option('--template <key>', 'a template instead of a file')
    .option('--samples <number>', 'how many members to name per segment, at most 50', '3')
    .option('--as-of <date>', 'as of this instant; now if left out')
    .description('How large segments would be, and what each rule keeps and drops. Nothing is stored.')
    .addHelpText(
      'after',
      `
Members are named by e-mail address alone; people who object to profiling are neither counted nor named.
Cut points are learned from the data as it is now and thrown away again.

Example: npm run -s cli -- preview my-segments.yaml --samples 5`,
    )
    .action(async (file: string | undefined, flags: PreviewFlags, command: Command) => {
      const samples = parseSamples(flags.samples);
      await withSession(command.optsWithGlobals(), async (session) => {
        const { app, tenant, output } = session;
        const definitions = await readDefinitions(
          session,
          file === undefined ? [] : [file],
          flags.template === undefined ? [] : [flags.template],
        );
        const asOf = parseInstant(flags.asOf);
        const previewed = await previewSegmentations(app.store.pool, tenant, definitions, { asOf, samples });
        for (const [index, one] of previewed.entries()) showPreview(one, definitions[index], output);
        output.result({ previews: previewed });
      });
    });
}

function parseSamples(text: string): number {
  const samples = Number(text);
  if (Number.isInteger(samples) && samples >= 0 && samples <= MOST_SAMPLES) return samples;
  throw new InputError('samples_invalid', `"${text}" is not a number of samples.`, {
    action: `Write a whole number from 0 to ${MOST_SAMPLES}.`,
  });
}

function showPreview(one: Previewed, definition: Segmentation | undefined, output: Output): void {
  const who = one.subject === 'person' ? 'people' : 'companies';
  output.line(
    pc.bold(`${one.name}: ${count(one.subjects)} ${who}, ${count(one.unlabelled)} without a label`),
  );
  if (one.subjects === 0) output.line(`  There are no ${who} in the store yet: start a \`run\` first.`);
  const nameOf = (key: string) => definition?.segments.find((segment) => segment.key === key)?.name ?? key;
  const rows = one.segments.map(({ segment, size, share, needs }) => [
    segment,
    nameOf(segment),
    needs.length > 0 ? '?' : count(size),
    needs.length > 0 ? '?' : showShare(share),
    needs.length > 0 ? `needs ${needs.join(', ')}` : (one.samples[segment] ?? []).join(', '),
  ]);
  output.line(table(['segment', 'name', 'size', 'share', 'for example'], rows));
  const passedOver = one.segments
    .filter((segment) => segment.passedOver.length > 0)
    .map((segment) => ({ segment: segment.segment, missing: segment.passedOver }));
  showPassedOver(passedOver, one.subject, output);
  for (const { segment, rules } of one.segments) {
    if (rules.length === 0) continue;
    const isAny = isAlternatives(definition, segment);
    output.line();
    output.line(
      `  ${nameOf(segment)}: ${isAny ? 'any of' : rules.length > 1 ? 'all of, one after the other' : 'the rule'}`,
    );
    const lines = rules.map(({ rule, kept, dropped, unknown }) => [
      count(kept),
      count(dropped),
      count(unknown),
      rule,
    ]);
    const head = isAny ? ['holds', 'does not', 'unknown', 'rule'] : ['kept', 'dropped', 'unknown', 'rule'];
    for (const line of table(head, lines).split('\n')) output.line(`  ${line}`);
  }
  output.line();
}

function isAlternatives(definition: Segmentation | undefined, key: string): boolean {
  if (definition?.method !== 'rules') return false;
  const when = definition.segments.find((segment) => segment.key === key)?.when;
  return when !== undefined && 'any' in when;
}
