import type { Command } from 'commander';
import { InputError } from '../errors.ts';
import { type Applied, applySegmentations, retireSegmentation } from '../pipeline/publish/publish.ts';
import type { Segmentation } from '../segmentation/definition.ts';
import { privacyWarnings } from '../segmentation/privacy-warnings.ts';
import { listAttributes } from '../store/columns.ts';
import { type Planned, planSegmentations } from '../views/plan.ts';
import pc from './colours.ts';
import { confirm } from './confirm.ts';
import { readDefinitions } from './definitions.ts';
import { parseInstant } from './instant.ts';
import { count, counted, type Output, table } from './output.ts';
import { showPassedOver } from './passed-over.ts';
import { type CommonOptions, type Session, withSession } from './session.ts';

type PlanFlags = CommonOptions & { template?: string[]; asOf?: string };
type ApplyFlags = PlanFlags & { yes?: boolean };

const collect = (value: string, before: string[] = []) => [...before, value];

export function registerApply(program: Command): void {
  program
    .command('plan')
    .argument('[files...]', 'YAML files of segmentations')
    .option('--template <key>', 'a template, beside or instead of files; may be repeated', collect)
    .option('--as-of <date>', 'as of this instant; now if left out')
    .description('Who would enter and leave if these were published. Nothing is changed.')
    .addHelpText('after', '\nExample: npm run -s cli -- plan my-segments.yaml')
    .action(async (files: string[], flags: PlanFlags, command: Command) => {
      await withSession(command.optsWithGlobals(), async (session) => {
        const { planned } = await showPlan(session, files, flags);
        session.output.result({ plan: planned });
      });
    });

  program
    .command('apply')
    .argument('[files...]', 'YAML files of segmentations')
    .option('--template <key>', 'a template, beside or instead of files; may be repeated', collect)
    .option('--as-of <date>', 'count who enters and leaves as of this instant; now if left out')
    .option('--yes', 'publish without asking')
    .description('Publish segmentations, after showing who enters and leaves.')
    .addHelpText(
      'after',
      `
Nothing reaches a CRM by this alone: new and changed targets are held until you release them.

Examples:
  npm run -s cli -- apply my-segments.yaml
  npm run -s cli -- apply --template rfm --template value-tiers --yes`,
    )
    .action(async (files: string[], flags: ApplyFlags, command: Command) => {
      await withSession(command.optsWithGlobals(), async (session) => {
        await applyDefinitions(session, files, flags);
      });
    });

  program
    .command('retire')
    .argument('<key>', 'the segmentation, as `status` names it')
    .option('--keep', 'the CRMs go on showing its last labels')
    .option('--clear', 'the next run takes its labels out of the CRMs')
    .option('--yes', 'do it without asking')
    .description('Take a segmentation out of use. Its key is never used again.')
    .addHelpText('after', '\nExample: npm run -s cli -- retire shop --clear')
    .action(
      async (
        key: string,
        flags: CommonOptions & { keep?: boolean; clear?: boolean; yes?: boolean },
        command: Command,
      ) => {
        const values = keepOrClear(flags);
        await withSession(command.optsWithGlobals(), async ({ app, tenant, output }) => {
          const what =
            values === 'keep'
              ? 'The CRMs go on showing its last labels.'
              : 'The next run takes its labels out of the CRMs where its targets are live.';
          output.line(`This takes ${key} out of use, for good. ${what}`);
          if (!(await confirm(`Retire ${key}?`, flags, output))) return;
          await retireSegmentation(app.store.pool, tenant, key, { values, by: 'cli' });
          output.line(`${pc.green('✓')} ${key} is retired.`);
          output.result({ retired: key, values });
        });
      },
    );
}

function keepOrClear({ keep, clear }: { keep?: boolean; clear?: boolean }): 'keep' | 'clear' {
  if (keep !== clear) return keep ? 'keep' : 'clear';
  throw new InputError('keep_or_clear', 'What is to become of the labels in the CRMs? Nothing was changed.', {
    action: 'Say either --keep or --clear.',
  });
}

async function showPlan(
  session: Session,
  files: readonly string[],
  flags: PlanFlags,
): Promise<{ definitions: Segmentation[]; planned: Planned[] }> {
  const { app, tenant, output } = session;
  const definitions = await readDefinitions(session, files, flags.template);
  const planned = await planSegmentations(app.store.pool, tenant, definitions, parseInstant(flags.asOf));
  const attributes = await listAttributes(app.store.pool, tenant);
  for (const [index, one] of planned.entries()) {
    const definition = definitions[index];
    showPlanned(one, definition, output);
    if (definition === undefined || one.change === 'unchanged') continue;
    for (const { message, action } of privacyWarnings(definition, attributes))
      output.line(`  ${pc.yellow('!')} ${message} ${action}`);
  }
  return { definitions, planned };
}

async function applyDefinitions(
  session: Session,
  files: readonly string[],
  flags: ApplyFlags,
): Promise<void> {
  const { app, tenant, output } = session;
  const { definitions, planned } = await showPlan(session, files, flags);
  const changes = planned.filter(({ change }) => change !== 'unchanged').length;
  if (changes === 0) {
    output.line('Nothing to publish: all is as it was.');
    output.result({ plan: planned, applied: [] });
    return;
  }
  if (!(await confirm(`Publish ${counted(changes, 'segmentation')}?`, flags, output))) return;
  const applied = await applySegmentations(app.store.pool, tenant, definitions, { by: 'cli' });
  for (const one of applied) output.line(describeApplied(one));
  const held = applied.some((one) => one.held > 0);
  output.line(
    `Next: \`run\` works the labels out${held ? ', `pending` shows what would be written, `release` lets it' : ''}.`,
  );
  output.result({ plan: planned, applied });
}

function describeApplied({ key, change, version, held }: Applied): string {
  const state = change === 'unchanged' ? 'as it was' : `published as version ${version}`;
  const waits = held === 0 ? '' : `; ${counted(held, 'target')} ${held === 1 ? 'is' : 'are'} held`;
  return `${pc.green('✓')} ${key}: ${state}${waits}`;
}

const COLOURS = { new: pc.green, changed: pc.yellow, unchanged: pc.dim };

function showPlanned(one: Planned, definition: Segmentation | undefined, output: Output): void {
  output.line(`${pc.bold(one.name)} (${one.key}): ${COLOURS[one.change](one.change)}`);
  if (one.problem !== null) output.line(`  ${pc.yellow('!')} It can't be counted yet: ${one.problem}`);
  else if (one.total === 0)
    output.line(`  There are no ${nounOf(one)} in the store yet; a \`run\` brings them.`);
  else if (one.change !== 'unchanged' || one.changes > 0) showMoves(one, definition, output);
  for (const { segment, missing } of one.unmet)
    output.line(
      `  ${pc.yellow('!')} ${segment} needs ${missing.join(', ')}: nobody gets it until a CRM property feeds that.`,
    );
  showPassedOver(one.passedOver, one.subject, output);
  output.line();
}

const nounOf = ({ subject }: Planned) => (subject === 'person' ? 'people' : 'companies');

function showMoves(one: Planned, definition: Segmentation | undefined, output: Output): void {
  const nameOf = (key: string) =>
    definition?.segments.find((segment) => segment.key === key)?.name ?? `${key} (no longer there)`;
  const rows = one.segments.map(({ segment, before, after, enters, leaves }) => [
    segment,
    nameOf(segment),
    count(before),
    count(after),
    enters === 0 ? '' : `+${count(enters)}`,
    leaves === 0 ? '' : `-${count(leaves)}`,
  ]);
  output.line(table(['segment', 'name', 'now', 'then', 'enter', 'leave'], rows));
  output.line(
    `  Labels change for ${count(one.changes)} of ${count(one.total)} ${nounOf(one)}; ${count(one.unlabelled)} will have none.`,
  );
  const list = (labels: string[]) => (labels.length === 0 ? 'none' : labels.join(', '));
  for (const { id, name, before, after } of one.samples)
    output.line(pc.dim(`  for example ${name ?? `${one.subject}:${id}`}: ${list(before)} → ${list(after)}`));
}
