import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { type App, openApp } from '../app.ts';
import { readConfig } from '../config.ts';
import { AppError, InputError } from '../errors.ts';
import { createLog } from '../log.ts';
import { listen } from '../main.ts';
import { connectAccount } from '../pipeline/connection/connect.ts';
import { allSizes } from '../pipeline/label/sizes.ts';
import { applySegmentations } from '../pipeline/publish/publish.ts';
import { pendingTargets, releaseTargets } from '../pipeline/publish/release.ts';
import { templateDefinitions } from '../pipeline/publish/template-files.ts';
import type { Segmentation } from '../segmentation/definition.ts';
import { offerFirstSignIn } from '../server/first-sign-in.ts';
import { listConnections } from '../store/connections.ts';
import type { Run } from '../store/runs.ts';
import { listPublished } from '../store/segmentations.ts';
import { createTenant } from '../store/tenant.ts';
import { readTotals } from '../views/totals.ts';
import pc from './colours.ts';
import { type DemoCrm, demoCrms } from './demo/crm.ts';
import { checkCsvFiles, lastDealDay } from './demo/csv.ts';
import { countMismatches, labelProperty } from './demo/mismatches.ts';
import { showReasons } from './demo/reasons.ts';
import { type CrmSummary, type DemoSummary, showCrm, showSegments, showTotals } from './demo/summary.ts';
import { showHeld, showWritten } from './demo/written.ts';
import { count, createOutput, type Output } from './output.ts';
import { parseInstant } from './run.ts';
import { startSandboxProcess } from './sandbox.ts';
import type { CommonOptions, Session } from './session.ts';
import { runAndWatch } from './watch.ts';

type DemoFlags = CommonOptions & {
  contacts: string;
  template: string;
  seed: string;
  only?: string;
  contactsCsv?: string;
  dealsCsv?: string;
  asOf?: string;
  once?: boolean;
  open?: boolean;
  keep?: boolean | string;
};

/** Beside the template that was asked for. */
const ALWAYS = ['rfm', 'value-tiers'];
const CURRENCY = 'USD';

export function registerDemo(program: Command): void {
  program
    .command('demo')
    .description(
      'The main job, end to end: two stand-in CRMs over HTTP, pull, segment, hold, release, write back.',
    )
    .option('--contacts <number>', 'how many people', '2000')
    .option(
      '--template <key>',
      'which segments: e-commerce, saas, financial-services, telecommunications, b2b, lifecycle',
      'e-commerce',
    )
    .option('--seed <number>', 'another seed, another company', '1')
    .option('--only <system>', 'connect only hubspot or only salesforce')
    .option(
      '--contacts-csv <file>',
      'your own contacts instead (contact_id,email,first_name,last_name,created_at)',
    )
    .option('--deals-csv <file>', 'and their deals (deal_id,contact_id,amount,currency,stage,closed_at)')
    .option('--as-of <date>', 'count from this day; now, or with CSV the day after the last deal')
    .option('--once', 'end when done, on a terminal too')
    .option('--open', 'afterwards serve the workspace over it (PORT, or 3000) and print a link to sign in')
    .option('--keep [folder]', 'keep the store afterwards')
    .addHelpText('after', '\nExample: npm run demo -- --contacts 10000 --template saas')
    .action(async (flags: DemoFlags, command: Command) => {
      await demo({ ...flags, ...command.optsWithGlobals<CommonOptions>() });
    });
}

async function demo(flags: DemoFlags): Promise<void> {
  const started = performance.now();
  const output = createOutput(flags.json ?? false);
  checkFlags(flags);
  if (flags.contactsCsv !== undefined && flags.dealsCsv !== undefined)
    await checkCsvFiles(flags.contactsCsv, flags.dealsCsv);
  const definitions = templateDefinitions([flags.template, ...ALWAYS]);
  const asOf =
    flags.asOf === undefined && flags.dealsCsv ? await lastDealDay(flags.dealsCsv) : parseInstant(flags.asOf);
  const folder = await storeFolder(flags.keep);
  output.line(pc.bold('Segment Sync: the main job, end to end'));
  output.progress('starting the stand-in CRMs');
  const sandbox = await startSandboxProcess({
    contacts: flags.contacts,
    seed: flags.seed,
    'as-of': flags.contactsCsv ? undefined : asOf.toISOString(),
    only: flags.only,
    'contacts-csv': flags.contactsCsv && resolve(flags.contactsCsv),
    'deals-csv': flags.dealsCsv && resolve(flags.dealsCsv),
  });
  let app: App | undefined;
  let server: Awaited<ReturnType<typeof listen>> | undefined;
  try {
    const crms = demoCrms(sandbox);
    app = await openDemoApp(folder, crms, flags);
    // Now, so that a taken port is told before the work.
    if (flags.open) server = await listen(app);
    const tenant = await createTenant(app.store.pool, { id: 'demo', name: 'Demo', currency: CURRENCY });
    const summary = await play({ session: { app, tenant, output }, crms, definitions, asOf, started });
    output.result(summary);
    if (flags.open) await lookAround(app, sandbox, output);
    else if (process.stdout.isTTY && !flags.once && !flags.json) await stayUp(sandbox, output);
    requireRight(summary);
  } finally {
    server?.closeAllConnections();
    server?.close();
    await app?.close();
    await sandbox.stop();
    if (flags.keep) output.line(`The store is kept in ${folder}.`);
    else await rm(folder, { recursive: true, force: true });
  }
}

function checkFlags(flags: DemoFlags): void {
  if (!/^-?\d{1,15}$/.test(flags.seed)) {
    throw new InputError('seed_invalid', `"${flags.seed}" is no seed.`, {
      action: 'Write a whole number, such as --seed 2.',
    });
  }
  if (!/^[1-9]\d{0,6}$/.test(flags.contacts)) {
    throw new InputError('contacts_invalid', `"${flags.contacts}" is not a number of contacts.`, {
      action: 'Write a whole number, such as --contacts 2000.',
    });
  }
  if (flags.only !== undefined && flags.only !== 'hubspot' && flags.only !== 'salesforce') {
    throw new InputError('only_invalid', `There is no stand-in for "${flags.only}".`, {
      action: 'Use --only hubspot or --only salesforce.',
    });
  }
  if ((flags.contactsCsv === undefined) !== (flags.dealsCsv === undefined)) {
    throw new InputError('csv_incomplete', 'Contacts and deals come as two files.', {
      action: 'Give both --contacts-csv and --deals-csv.',
    });
  }
}

async function storeFolder(keep: boolean | string | undefined): Promise<string> {
  if (typeof keep === 'string') return resolve(keep);
  return await mkdtemp(join(tmpdir(), 'segment-sync-demo-'));
}

/** The app on a fresh embedded store, whatever the environment says about real ones. */
async function openDemoApp(folder: string, crms: DemoCrm[], flags: DemoFlags): Promise<App> {
  const appOf = (system: string) => crms.find((crm) => crm.system === system)?.app ?? null;
  const config = readConfig({
    DATA_DIR: folder,
    LOG_LEVEL: flags.verbose ? 'debug' : 'error',
  });
  const { port, host, publicUrl } = readConfig();
  const urlOf = (system: string) => crms.find((crm) => crm.system === system)?.secret.apiUrl;
  return await openApp(
    {
      ...config,
      port,
      host,
      publicUrl,
      hubspot: {
        ...config.hubspot,
        app: appOf('hubspot'),
        apiUrl: urlOf('hubspot') ?? config.hubspot.apiUrl,
      },
      salesforce: {
        ...config.salesforce,
        app: appOf('salesforce'),
        loginUrl: urlOf('salesforce') ?? config.salesforce.loginUrl,
      },
    },
    createLog({ level: config.logLevel }),
  );
}

type Play = { session: Session; crms: DemoCrm[]; definitions: Segmentation[]; asOf: Date; started: number };

async function play({ session, crms, definitions, asOf, started }: Play): Promise<DemoSummary> {
  const { app, tenant, output } = session;
  const { pool } = app.store;
  const heading = (text: string) => {
    output.progressDone();
    output.line();
    output.line(pc.bold(pc.cyan(text)));
  };

  heading('1. Connect');
  for (const crm of crms) {
    const { connection, checks, mapped } = await connectAccount(
      { pool, tenant, keys: app.store.keys, log: app.log },
      { system: crm.system, config: crm.config, secret: crm.secret, app: crm.app },
    );
    const wrong = checks.filter(({ ok, level }) => !ok && level === 'error');
    output.line(
      `  ${pc.green('✓')} ${connection.name}: ${mapped.length} attributes are fed${wrong.length ? `, ${wrong.length} problems` : ''}`,
    );
    for (const check of wrong) output.line(`    ${check.message} ${check.action}`);
  }

  heading('2. Publish segments, pull everything, work out who is where. Nothing is written yet');
  await applySegmentations(pool, tenant, definitions, { by: 'demo' });
  const run = async (): Promise<Run> => {
    const done = await runAndWatch(session, { asOf, requestedBy: 'demo' });
    if (done.state !== 'done') throw failedRun(done);
    return done;
  };
  await run();
  const totals = await readTotals(pool, tenant);
  showTotals(totals, tenant.currency, output);
  const pending = await pendingTargets(pool, tenant, asOf);
  showHeld(pending, output);

  heading('3. Release, and write the labels back');
  await releaseTargets(pool, tenant, 'all', 'demo');
  await run();
  await showWritten(session);
  const firstMismatches = await mismatchesBySystem(session, crms, asOf);
  const sizes = await allSizes(pool, tenant);
  const segments = sizes.flatMap((one) =>
    one.segments.map((segment) => ({ ...segment, revenue: Number(segment.revenue) })),
  );
  const published = await listPublished(pool, tenant);
  const unlabelled = Object.fromEntries(
    sizes
      .filter(({ segmentation }) =>
        published.some(({ key, definition }) => key === segmentation && definition.labels === 'one'),
      )
      .map(({ segmentation, unlabelled: none }) => [segmentation, none]),
  );
  showSegments(
    published.map(({ definition }) => definition),
    segments,
    Object.fromEntries(sizes.map(({ segmentation, unlabelled: none }) => [segmentation, none])),
    { persons: totals.persons, currency: tenant.currency },
    output,
  );

  heading('4. Why? A few customers and the reasons for their labels');
  await showReasons(session, asOf);

  heading('5. Run again with nothing changed');
  const beforeUnchanged = await callsOf(crms);
  await run();
  const unchangedRun = difference(await callsOf(crms), beforeUnchanged);
  output.line(`  ${unchangedRun.calls} calls to look, ${pc.bold(`${unchangedRun.writes} writes`)}.`);

  heading('6. Things change in the CRMs; run once more');
  const label = await labelProperty(session, asOf);
  const changes: string[] = [];
  const beforeChange = await callsOf(crms);
  for (const crm of crms) {
    const done = await crm.change(label.get(crm.system), asOf);
    changes.push(...done);
    output.line(`  in ${crm.name}: ${done.join(', ')}`);
  }
  await run();
  const changedMismatches = await mismatchesBySystem(session, crms, asOf);
  const changedRun = {
    changes: changes.length,
    ...difference(await callsOf(crms), beforeChange),
    mismatches: [...changedMismatches.values()].reduce((sum, value) => sum + value, 0),
  };
  output.line(
    `  ${changes.length} things changed: ${changedRun.calls} calls, ${pc.bold(`${changedRun.writes} writes`)}.`,
  );

  heading('7. What it took');
  const summaryOf = async (system: DemoCrm['system']): Promise<CrmSummary | null> => {
    const crm = crms.find((one) => one.system === system);
    if (!crm) return null;
    const { calls, writes, throttled, rulesBroken, broken } = await crm.journal();
    for (const rule of broken) app.log.error(rule, 'the CRM says that a rule was broken');
    const mismatches = (firstMismatches.get(system) ?? 0) + (changedMismatches.get(system) ?? 0);
    const summary = { calls, writes, throttled, rulesBroken, mismatches };
    showCrm(crm.name, crm.limit, summary, output);
    return summary;
  };
  const hubspot = await summaryOf('hubspot');
  const salesforce = await summaryOf('salesforce');
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  output.line(`  ${count(seconds)} seconds in all.`);
  showNext(output);
  return { ...totals, segments, unlabelled, hubspot, salesforce, unchangedRun, changedRun, seconds };
}

async function mismatchesBySystem(
  session: Session,
  crms: DemoCrm[],
  asOf: Date,
): Promise<Map<string, number>> {
  const { app, tenant } = session;
  const connections = await listConnections(app.store.pool, tenant);
  const counts = new Map<string, number>();
  for (const crm of crms) {
    const connection = connections.find(({ system }) => system === crm.system);
    if (connection) counts.set(crm.system, await countMismatches(session, connection.id, crm, asOf));
  }
  return counts;
}

type CallCount = { calls: number; writes: number };

async function callsOf(crms: DemoCrm[]): Promise<CallCount> {
  const journals = await Promise.all(crms.map((crm) => crm.journal()));
  return {
    calls: journals.reduce((sum, { calls }) => sum + calls, 0),
    writes: journals.reduce((sum, { writes }) => sum + writes, 0),
  };
}

const difference = (after: CallCount, before: CallCount): CallCount => ({
  calls: after.calls - before.calls,
  writes: after.writes - before.writes,
});

function failedRun(run: Run): AppError {
  return new AppError(
    run.reason?.code ?? 'run_failed',
    run.reason?.message ?? `Run ${run.id} ended as ${run.state}.`,
    {
      action: run.reason?.action ?? 'Run the demo again with --verbose.',
    },
  );
}

/** What the demo promises; a broken promise is a failure, not a footnote. */
function requireRight(summary: DemoSummary): void {
  for (const [name, crm] of Object.entries({ HubSpot: summary.hubspot, Salesforce: summary.salesforce })) {
    if (!crm || crm.mismatches + crm.throttled + crm.rulesBroken === 0) continue;
    throw new AppError('demo_wrong', `${name} does not show what it should: ${JSON.stringify(crm)}.`, {
      action: 'Run the demo again with --verbose and report what it says.',
    });
  }
}

function showNext(output: Output): void {
  output.line();
  output.line(pc.bold('What to try next'));
  output.line('  npm run demo -- --template saas --contacts 10000    another business, more people');
  output.line(
    '  npm run demo -- --open                              the same, then the workspace to look around',
  );
  output.line('  npm run sandbox                                     the stand-in CRMs alone');
  output.line('  npm run -s cli -- --help                            all commands');
  output.line('  npm run -s cli -- connect hubspot                   your own portal');
}

/** The workspace over what the demo made, with a worker, until Ctrl-C. */
async function lookAround(app: App, sandbox: Parameters<typeof stayUp>[0], output: Output): Promise<void> {
  const worker = await app.startWorker();
  await offerFirstSignIn(app);
  await stayUp(sandbox, output);
  await worker.close();
}

async function stayUp(
  places: { hubspot: { url: string } | null; salesforce: { url: string } | null },
  output: Output,
): Promise<void> {
  output.line();
  output.line('The stand-in CRMs stay up for looking around; Ctrl-C ends them.');
  for (const place of [places.hubspot, places.salesforce])
    if (place) output.line(`  ${place.url}/__sandbox/journal`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
}
