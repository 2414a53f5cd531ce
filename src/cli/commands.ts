import type { Command } from 'commander';

type Register = (program: Command) => void;

/**
 * All commands, in the order in which somebody meets them, with the file that has them. A file is read when one of
 * its commands is asked for: reading all of them takes longer than most commands do.
 */
const FILES: readonly { commands: readonly string[]; read: () => Promise<Register> }[] = [
  { commands: ['demo'], read: async () => (await import('./demo.ts')).registerDemo },
  { commands: ['start'], read: async () => (await import('./start.ts')).registerStart },
  { commands: ['sandbox'], read: async () => (await import('./sandbox.ts')).registerSandbox },
  { commands: ['connect'], read: async () => (await import('./connect.ts')).registerConnect },
  { commands: ['revenue'], read: async () => (await import('./revenue.ts')).registerRevenue },
  { commands: ['rates'], read: async () => (await import('./rates.ts')).registerRates },
  { commands: ['attributes'], read: async () => (await import('./attributes.ts')).registerAttributes },
  { commands: ['templates'], read: async () => (await import('./templates.ts')).registerTemplates },
  { commands: ['preview'], read: async () => (await import('./preview.ts')).registerPreview },
  { commands: ['plan', 'apply', 'retire'], read: async () => (await import('./apply.ts')).registerApply },
  { commands: ['run', 'cancel'], read: async () => (await import('./run.ts')).registerRun },
  {
    commands: ['pending', 'release', 'targets', 'hold', 'pause'],
    read: async () => (await import('./targets.ts')).registerTargets,
  },
  { commands: ['undo'], read: async () => (await import('./undo.ts')).registerUndo },
  { commands: ['explain'], read: async () => (await import('./explain.ts')).registerExplain },
  { commands: ['review'], read: async () => (await import('./review.ts')).registerReview },
  { commands: ['experiment'], read: async () => (await import('./experiment.ts')).registerExperiment },
  { commands: ['status'], read: async () => (await import('./status.ts')).registerStatus },
  { commands: ['doctor'], read: async () => (await import('./doctor.ts')).registerDoctor },
  {
    commands: ['refusals', 'accept-fall'],
    read: async () => (await import('./refusals.ts')).registerRefusals,
  },
  { commands: ['privacy'], read: async () => (await import('./privacy.ts')).registerPrivacy },
  { commands: ['schedule'], read: async () => (await import('./schedule.ts')).registerSchedule },
  { commands: ['migrate'], read: async () => (await import('./migrate.ts')).registerMigrate },
  { commands: ['move'], read: async () => (await import('./move.ts')).registerMove },
  { commands: ['learn'], read: async () => (await import('./learn.ts')).registerLearn },
  { commands: ['marketplace'], read: async () => (await import('./marketplace.ts')).registerMarketplace },
  { commands: ['reference'], read: async () => (await import('./reference.ts')).registerReference },
];

/**
 * The files with the commands that are asked for; all of them where it is none, or not known. A line's words may be
 * the value of an option before the command, such as the name of a tenant.
 */
export async function registerCommands(program: Command, asked: readonly string[]): Promise<void> {
  const its = FILES.filter(({ commands }) => commands.some((name) => asked.includes(name)));
  const files = its.length > 0 ? its : FILES;
  for (const register of await Promise.all(files.map(({ read }) => read()))) register(program);
}

/** The command of every line, by the file that has it; a test holds them to what the files register. */
export const commandNames = (): string[] => FILES.flatMap(({ commands }) => commands);
