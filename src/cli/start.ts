import type { Command } from 'commander';

export function registerStart(program: Command): void {
  program
    .command('start')
    .argument('[part]', 'all, web or worker', 'all')
    .description('Start the web process and a worker; runs follow their schedule.')
    .addHelpText(
      'after',
      '\nThe same as `npm start`. web and worker alone need DATABASE_URL.\n\nExample: npm run -s cli -- start worker',
    )
    .action(async (part: string) => {
      const { main } = await import('../main.ts');
      await main(part);
    });
}
