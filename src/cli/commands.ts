import type { Command } from 'commander';
import { registerConnect } from './connect.ts';
import { registerDemo } from './demo.ts';
import { registerExplain } from './explain.ts';
import { registerLearn } from './learn.ts';
import { registerMove } from './move.ts';
import { registerRun } from './run.ts';
import { registerSandbox } from './sandbox.ts';
import { registerSchedule } from './schedule.ts';
import { registerStart } from './start.ts';
import { registerStatus } from './status.ts';
import { registerTargets } from './targets.ts';

/** All commands, in the order in which somebody meets them. */
export function registerCommands(program: Command): void {
  registerDemo(program);
  registerStart(program);
  registerSandbox(program);
  registerConnect(program);
  registerRun(program);
  registerTargets(program);
  registerExplain(program);
  registerSchedule(program);
  registerStatus(program);
  registerMove(program);
  registerLearn(program);
}
