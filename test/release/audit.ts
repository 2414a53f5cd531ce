/**
 * `npm run -s audit`: known weaknesses of what reaches a user. Says clean, names findings (exit code 1 where one is
 * high or critical), or says that the registry's advisories are not reachable, which is no answer.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { z } from 'zod';

const Report = z.object({
  vulnerabilities: z.record(
    z.string(),
    z.looseObject({
      severity: z.enum(['info', 'low', 'moderate', 'high', 'critical']),
      range: z.string(),
      fixAvailable: z.union([z.boolean(), z.looseObject({ name: z.string(), version: z.string() })]),
    }),
  ),
});

export type Verdict = { state: 'clean' | 'findings' | 'not reachable'; lines: string[]; isGrave: boolean };

/** What npm's answer means. Anything that is no report is no answer either. */
export function judge(answer: string): Verdict {
  let given: unknown;
  try {
    given = JSON.parse(answer);
  } catch {
    given = undefined;
  }
  const report = Report.safeParse(given);
  if (!report.success)
    return { state: 'not reachable', lines: ['the advisories could not be asked for'], isGrave: false };
  const found = Object.entries(report.data.vulnerabilities);
  return {
    state: found.length === 0 ? 'clean' : 'findings',
    lines: found.map(([name, { severity, range, fixAvailable }]) => {
      const mend =
        typeof fixAvailable === 'object'
          ? `${fixAvailable.name} ${fixAvailable.version} mends it`
          : fixAvailable
            ? 'an update mends it'
            : 'no mend yet';
      return `${severity}: ${name} ${range}; ${mend}`;
    }),
    isGrave: found.some(([, { severity }]) => severity === 'high' || severity === 'critical'),
  };
}

if (import.meta.main) {
  const cwd = join(import.meta.dirname, '../..');
  const options = { cwd, timeout: 60_000, maxBuffer: 32 * 1024 * 1024 };
  execFile('npm', ['audit', '--omit=dev', '--json'], options, (_error, answer) => {
    // npm's exit code says that there are findings; the report says which.
    const { state, lines, isGrave } = judge(answer);
    process.stdout.write(`${['Audit', state].join(': ')}\n${lines.map((line) => `  ${line}\n`).join('')}`);
    process.exitCode = isGrave ? 1 : 0;
  });
}
