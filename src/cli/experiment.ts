import type { Command } from 'commander';
import { z } from 'zod';
import { InputError } from '../errors.ts';
import {
  type ExperimentReport,
  planExperiment,
  readExperiment,
  startExperiment,
  stopExperiment,
} from '../pipeline/review/experiments.ts';
import { Experiment } from '../review/experiment.ts';
import { listExperiments } from '../store/experiments.ts';
import pc from './colours.ts';
import { parseInstant } from './instant.ts';
import { count, table } from './output.ts';
import { percent } from './review-overlap.ts';
import { type CommonOptions, withSession } from './session.ts';

type StartFlags = CommonOptions & {
  segment: string;
  base: string;
  target: string;
  horizon: string;
  share: string;
  pilot?: boolean;
  writeBack?: boolean;
  evenIfSmall?: boolean;
  anyTime?: boolean;
  plan?: boolean;
  by: string;
};

export function registerExperiment(program: Command): void {
  const experiment = program
    .command('experiment')
    .description('Does a play do anything? Leave a share of a segment out of it, and compare at the horizon.')
    .addHelpText('after', '\nExample: npm run -s cli -- experiment show letter')
    .action(async (_flags: CommonOptions, command: Command) => {
      await withSession(command.optsWithGlobals(), async ({ app, tenant, output }) => {
        const experiments = await listExperiments(app.store.pool, tenant);
        const rows = experiments.map(({ experiment: one, state, startedAt }) => [
          one.key,
          `${one.segmentation}.${one.segment}`,
          `${one.kind}, ${percent(one.share)}`,
          state,
          startedAt.toISOString().slice(0, 10),
        ]);
        output.line(
          rows.length === 0
            ? 'No experiment yet.'
            : table(['experiment', 'segment', 'kind', 'state', 'since'], rows),
        );
        output.result({ experiments });
      });
    });

  experiment
    .command('start')
    .argument('<key>', 'a new name: lower-case letters, digits, underscores')
    .description('Say how many members it needs, and start it if there are that many.')
    .requiredOption('--segment <name>', 'segmentation.segment')
    .requiredOption('--base <rate>', 'how many buy without the play within the horizon, such as 0.10')
    .requiredOption('--target <rate>', 'how many would have to buy with it, such as 0.12')
    .requiredOption('--horizon <days>', 'days until the parts are compared')
    .option('--share <share>', 'of the members: held out, or for a pilot treated', '0.1')
    .option('--pilot', 'only the share gets the play')
    .option('--write-back', 'hold the label itself back, not only lists and campaigns')
    .option('--any-time', 'a test that may be looked at on any day; takes about twice the members')
    .option('--plan', 'only say how many members it needs')
    .option('--even-if-small', 'start although a difference may not show')
    .option('--by <name>', 'who starts it', 'cli')
    .addHelpText(
      'after',
      '\nExample: npm run -s cli -- experiment start letter --segment shop.loyal --base 0.1 --target 0.15 --horizon 30 --share 0.5',
    )
    .action(async (key: string, flags: StartFlags, command: Command) => {
      const given = readExperimentFlags(key, flags);
      await withSession(command.optsWithGlobals(), async ({ app, tenant, output }) => {
        const { pool } = app.store;
        const at = new Date();
        const plan = flags.plan
          ? await planExperiment(pool, tenant, given, at)
          : await startExperiment(pool, tenant, given, {
              at,
              by: flags.by,
              evenIfSmall: flags.evenIfSmall ?? false,
            });
        output.line(
          `It needs ${count(plan.needed)} members (${count(plan.perArm)} an arm); there are ${count(plan.members)}.`,
        );
        output.line(
          flags.plan
            ? 'Nothing was started.'
            : 'It has started. Lists and campaigns follow with the next run.',
        );
        output.result({ started: !flags.plan, plan });
      });
    });

  experiment
    .command('show')
    .argument('<key>', 'which experiment')
    .option('--as-of <date>', 'as of this instant; now if left out')
    .description('Where it stands: sizes at any time, the comparison from the horizon on.')
    .action(async (key: string, flags: { asOf?: string }, command: Command) => {
      await withSession(command.optsWithGlobals(), async ({ app, tenant, output }) => {
        const report = await readExperiment(app.store.pool, tenant, key, parseInstant(flags.asOf));
        for (const line of describeExperiment(report)) output.line(line);
        output.result(report);
      });
    });

  experiment
    .command('stop')
    .argument('<key>', 'which experiment')
    .option('--by <name>', 'who ends it', 'cli')
    .description('End it: nobody is left out any more. Before the horizon there is no verdict.')
    .action(async (key: string, flags: { by: string }, command: Command) => {
      await withSession(command.optsWithGlobals(), async ({ app, tenant, output }) => {
        await stopExperiment(app.store.pool, tenant, key, { at: new Date(), by: flags.by });
        output.line(`${key} has ended; the next run writes to everybody again.`);
        output.result({ stopped: key });
      });
    });
}

function readExperimentFlags(key: string, flags: StartFlags): Experiment {
  const [segmentation = '', segment = ''] = flags.segment.split('.');
  const parsed = Experiment.safeParse({
    key,
    segmentation,
    segment,
    kind: flags.pilot ? 'pilot' : 'holdout',
    on: flags.writeBack ? 'write_back' : 'play',
    share: Number(flags.share),
    base: Number(flags.base),
    target: Number(flags.target),
    horizonDays: Number(flags.horizon),
    looks: flags.anyTime ? 'any_time' : 'once',
  });
  if (parsed.success) return parsed.data;
  throw new InputError(
    'experiment_invalid',
    `The experiment can't be read: ${z.prettifyError(parsed.error)}`,
    {
      action: 'Write shares and rates between 0 and 1, and the horizon as whole days.',
    },
  );
}

const VERDICTS: Record<ExperimentReport['result']['verdict'], string> = {
  early: 'The horizon is not reached: nothing is told yet, as looking early finds what is not there.',
  mismatch: 'The arms have not the sizes that were planned: find out why before you believe the numbers.',
  too_few: 'Too few took part to tell anything.',
  better: 'The play does something: those who got it bought more.',
  worse: 'The play harms: those who got it bought less.',
  no_difference: 'No difference shows.',
};

function describeExperiment({ experiment, state, startedBy, result }: ExperimentReport): string[] {
  const { treated, holdout, ends, verdict, test, ratio, sequential } = result;
  const lines = [
    pc.bold(
      `${experiment.key}: ${experiment.segmentation}.${experiment.segment}, ${state}, started by ${startedBy}`,
    ),
    `  ${count(treated)} with the play, ${count(holdout)} without; compared on ${ends.toISOString().slice(0, 10)}.`,
  ];
  if (ratio !== null)
    lines.push(
      `  Split as planned: ${ratio.mismatch ? pc.red('no') : 'yes'} (p ${ratio.pValue.toFixed(3)}; "no" below 0.001).`,
    );
  if (test !== null) {
    const interval = `${percent(test.low)} to ${percent(test.high)}`;
    lines.push(
      `  Bought: ${percent(test.treatedRate)} with, ${percent(test.holdoutRate)} without: ${percent(test.difference)} more (${interval}), p ${test.pValue.toFixed(4)}.`,
      `  Lift: ${test.lift === null ? 'not to be told' : percent(test.lift)}.`,
    );
  }
  if (sequential !== null) {
    const end = (value: number | null): string => (value === null ? 'open' : value.toFixed(2));
    lines.push(
      `  Looked at any time: ${count(sequential.events)} bought, those with the play ${end(sequential.ratio)} times as fast (${end(sequential.low)} to ${end(sequential.high)}), p ${sequential.pValue.toFixed(4)}.`,
    );
    if (verdict === 'early') return [...lines, '  Nothing is found yet, and the horizon is not reached.'];
  }
  return [...lines, `  ${VERDICTS[verdict]}`];
}
