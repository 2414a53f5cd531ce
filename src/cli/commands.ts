import type { Command } from 'commander';
import { registerApply } from './apply.ts';
import { registerAttributes } from './attributes.ts';
import { registerConnect } from './connect.ts';
import { registerDemo } from './demo.ts';
import { registerDoctor } from './doctor.ts';
import { registerExperiment } from './experiment.ts';
import { registerExplain } from './explain.ts';
import { registerLearn } from './learn.ts';
import { registerMove } from './move.ts';
import { registerPreview } from './preview.ts';
import { registerPrivacy } from './privacy.ts';
import { registerRefusals } from './refusals.ts';
import { registerRevenue } from './revenue.ts';
import { registerReview } from './review.ts';
import { registerRun } from './run.ts';
import { registerSandbox } from './sandbox.ts';
import { registerSchedule } from './schedule.ts';
import { registerStart } from './start.ts';
import { registerStatus } from './status.ts';
import { registerTargets } from './targets.ts';
import { registerTemplates } from './templates.ts';
import { registerUndo } from './undo.ts';

/** All commands, in the order in which somebody meets them. */
export function registerCommands(program: Command): void {
  registerDemo(program);
  registerStart(program);
  registerSandbox(program);
  registerConnect(program);
  registerRevenue(program);
  registerAttributes(program);
  registerTemplates(program);
  registerPreview(program);
  registerApply(program);
  registerRun(program);
  registerTargets(program);
  registerUndo(program);
  registerExplain(program);
  registerReview(program);
  registerExperiment(program);
  registerStatus(program);
  registerDoctor(program);
  registerRefusals(program);
  registerPrivacy(program);
  registerSchedule(program);
  registerMove(program);
  registerLearn(program);
}
