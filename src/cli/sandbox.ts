import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { z } from 'zod';
import { ConfigError } from '../errors.ts';
import { createOutput } from './output.ts';
import type { CommonOptions } from './session.ts';

const App = z.object({ clientId: z.string(), clientSecret: z.string() });

/** What the sandbox's process says once it serves. */
const Started = z.object({
  hubspot: z
    .object({
      url: z.url(),
      portalId: z.number(),
      app: App,
      install: z.object({ accessToken: z.string(), refreshToken: z.string(), expiresIn: z.number() }),
    })
    .nullable(),
  salesforce: z
    .object({
      url: z.url(),
      orgId: z.string(),
      app: App,
      install: z.object({ accessToken: z.string(), refreshToken: z.string(), instanceUrl: z.url() }),
    })
    .nullable(),
});
export type StartedSandbox = z.infer<typeof Started>;

const STOP_MS = 3_000;

/** Starts the stand-in CRMs in a process of their own; `flags` are those of sandbox/main.ts. */
export async function startSandboxProcess(
  flags: Record<string, string | number | undefined>,
): Promise<StartedSandbox & { stop(): Promise<void> }> {
  const file = fileURLToPath(new URL('../../sandbox/main.ts', import.meta.url));
  const args = Object.entries(flags).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)],
  );
  // In a group of its own: Ctrl-C reaches us alone, and they serve until we have stopped. Over the channel they see
  // when we are gone, however we went.
  const child = spawn(process.execPath, [file, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  });
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new TypeError('the stand-in CRMs were started without pipes');
  let complaint = '';
  const complain = (chunk: Buffer) => (complaint += chunk.toString());
  stderr.on('data', complain);
  const stop = () => stopProcess(child);
  const onExit = () => child.kill('SIGKILL');
  process.once('exit', onExit);
  child.once('exit', () => process.removeListener('exit', onExit));
  const lines = createInterface({ input: stdout });
  const first = await Promise.race([once(lines, 'line'), once(child, 'close').then(() => undefined)]);
  if (first === undefined) {
    const [reason = ''] = complaint.trim().split('\n');
    throw new ConfigError('sandbox_failed', `The stand-in CRMs did not start: ${reason}`, {
      action: 'Check the options and files, and that the ports are free.',
    });
  }
  stderr.off('data', complain).pipe(process.stderr);
  return { ...Started.parse(JSON.parse(String(first[0]))), stop };
}

async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(late);
}

type SandboxFlags = CommonOptions & {
  port?: string;
  contacts?: string;
  seed?: string;
  contactsCsv?: string;
  dealsCsv?: string;
  only?: string;
};

export function registerSandbox(program: Command): void {
  program
    .command('sandbox')
    .description('Start a stand-in HubSpot portal and Salesforce org over HTTP, with data and real limits.')
    .option('--port <number>', 'port of HubSpot; Salesforce gets the next one', '4010')
    .option('--contacts <number>', 'how many people', '2000')
    .option('--seed <number>', 'another seed, another company')
    .option(
      '--contacts-csv <file>',
      'your own contacts instead (contact_id,email,first_name,last_name,created_at)',
    )
    .option('--deals-csv <file>', 'and their deals (deal_id,contact_id,amount,currency,stage,closed_at)')
    .option('--only <system>', 'hubspot or salesforce')
    .addHelpText('after', '\nExample: npm run sandbox -- --contacts 500')
    .action(async (flags: SandboxFlags, command: Command) => {
      const output = createOutput(command.optsWithGlobals<CommonOptions>().json ?? false);
      const started = await startSandboxProcess({
        port: flags.port,
        contacts: flags.contacts,
        seed: flags.seed,
        'contacts-csv': flags.contactsCsv,
        'deals-csv': flags.dealsCsv,
        only: flags.only,
      });
      const { stop, ...places } = started;
      showPlaces(places, output.line);
      output.result(places);
      await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
      await stop();
    });
}

function showPlaces({ hubspot, salesforce }: StartedSandbox, line: (text?: string) => void): void {
  for (const [name, place] of [
    ['HubSpot', hubspot],
    ['Salesforce', salesforce],
  ] as const) {
    if (!place) continue;
    const system = name.toLowerCase();
    const upper = name.toUpperCase();
    line(`${name}: ${place.url}  (calls and broken rules: ${place.url}/__sandbox/journal)`);
    line(`  ${upper}_CLIENT_ID=${place.app.clientId} ${upper}_CLIENT_SECRET=${place.app.clientSecret} \\`);
    line(`    npm run -s cli -- connect ${system} --api-url ${place.url}`);
  }
  line();
  line('Ctrl-C stops them; what they hold is gone then.');
}
