import type { Command } from 'commander';
import pc from './colours.ts';
import { describeSource, diagnose, type Finding, showFinding } from './diagnosis.ts';
import { counted } from './output.ts';
import { type CommonOptions, withSession } from './session.ts';

export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .option('--offline', 'do not ask the CRMs')
    .description('What is missing or wrong, and how to mend it.')
    .addHelpText(
      'after',
      `
Looks at the settings, the store, the queue, each connection (its token, scopes, fields), what feeds attributes,
segments that lack one, targets that wait, refused records, and schedules. Exit code 1 where something is broken;
what merely waits for you is a warning.

Example: npm run -s cli -- doctor`,
    )
    .action(async (flags: CommonOptions & { offline?: boolean }, command: Command) => {
      await withSession(command.optsWithGlobals(), async (session) => {
        const { output } = session;
        const findings: Finding[] = [];
        let area = '';
        for await (const finding of diagnose(session, { offline: flags.offline ?? false })) {
          findings.push(finding);
          if (finding.area !== area) output.line(pc.bold(finding.area));
          area = finding.area;
          showFinding(finding, output);
        }
        const of = (level: Finding['level']) => findings.filter((finding) => finding.level === level).length;
        const [errors, warnings] = [of('error'), of('warning')];
        output.line();
        output.line(
          errors + warnings === 0
            ? 'All is well.'
            : `${counted(errors, 'problem')}, ${counted(warnings, 'thing')} to look at.`,
        );
        output.result({ store: describeSource(session), errors, warnings, findings });
        if (errors > 0) process.exitCode = 1;
      });
    });
}
