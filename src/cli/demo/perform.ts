import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type App, openApp } from '../../app.ts';
import { readConfig } from '../../config.ts';
import { AppError, InputError } from '../../errors.ts';
import { createLog } from '../../log.ts';
import { listen } from '../../main.ts';
import { templateDefinitions } from '../../pipeline/publish/template-files.ts';
import { offerFirstSignIn } from '../../server/first-sign-in.ts';
import { createTenant } from '../../store/tenant.ts';
import pc from '../colours.ts';
import type { DemoFlags } from '../demo.ts';
import { parseInstant } from '../instant.ts';
import type { Output } from '../output.ts';
import { type StartedSandbox, startSandboxProcess } from '../sandbox.ts';
import { type DemoCrm, demoCrms } from './crm.ts';
import { checkCsvFiles, lastDealDay } from './csv.ts';
import { play } from './play.ts';
import type { DemoSummary } from './summary.ts';

/** Beside the template that was asked for. */
const ALWAYS = ['rfm', 'value-tiers'];
const CURRENCY = 'USD';

/** Sets the stage, plays, and puts everything away again, also where `signal` breaks it off. */
export async function performDemo(flags: DemoFlags, output: Output, signal: AbortSignal): Promise<void> {
  const started = performance.now();
  if (flags.contactsCsv !== undefined && flags.dealsCsv !== undefined)
    await checkCsvFiles(flags.contactsCsv, flags.dealsCsv);
  const definitions = templateDefinitions([flags.template, ...ALWAYS]);
  const asOf =
    flags.asOf === undefined && flags.dealsCsv ? await lastDealDay(flags.dealsCsv) : parseInstant(flags.asOf);
  const store = await storeFolder(flags.keep);
  output.line(pc.bold('Segment Sync: the main job, end to end'));
  output.progress('starting the stand-in CRMs');
  let sandbox: Awaited<ReturnType<typeof startSandboxProcess>> | undefined;
  let app: App | undefined;
  let server: Server | undefined;
  try {
    sandbox = await startSandboxProcess({
      contacts: flags.contacts,
      seed: flags.seed,
      'as-of': flags.contactsCsv ? undefined : asOf.toISOString(),
      only: flags.only,
      'contacts-csv': flags.contactsCsv && resolve(flags.contactsCsv),
      'deals-csv': flags.dealsCsv && resolve(flags.dealsCsv),
    });
    signal.throwIfAborted();
    const crms = demoCrms(sandbox);
    app = await openDemoApp(store.folder, crms, flags);
    // Now, so that a taken port is told before the work.
    if (flags.open) server = await listen(app);
    const tenant = await createTenant(app.store.pool, { id: 'demo', name: 'Demo', currency: CURRENCY });
    const session = { app, tenant, output };
    const summary = await play({ session, crms, definitions, asOf, started, signal });
    output.result(summary);
    if (flags.open) await lookAround(app, sandbox, output, signal);
    else if (process.stdout.isTTY && !flags.once && !flags.json) await stayUp(sandbox, output, signal);
    requireRight(summary);
  } finally {
    output.progressDone();
    server?.closeAllConnections();
    server?.close();
    await app?.close();
    await sandbox?.stop();
    await store.leave();
    if (flags.keep) output.line(`The store is kept in ${store.folder}.`);
  }
}

type StoreFolder = { folder: string; leave(): Promise<void> };

/** A folder that is gone afterwards, however this ends; or the one to keep. */
async function storeFolder(keep: boolean | string | undefined): Promise<StoreFolder> {
  if (typeof keep === 'string') {
    const folder = resolve(keep);
    await requireFresh(folder);
    return { folder, leave: async () => undefined };
  }
  const folder = await mkdtemp(join(tmpdir(), 'segment-sync-demo-'));
  if (keep) return { folder, leave: async () => undefined };
  // Where the process is ended at once.
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  process.once('exit', remove);
  return {
    folder,
    leave: async () => {
      await rm(folder, { recursive: true, force: true });
      process.off('exit', remove);
    },
  };
}

async function requireFresh(folder: string): Promise<void> {
  const there = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new InputError('folder_unusable', `The store can't be kept in ${folder}: ${error.message}.`, {
      action: 'Name a folder that is empty, or not there yet.',
      cause: error,
    });
  });
  if (there.length === 0) return;
  throw new InputError('folder_not_empty', `The folder ${folder} is not empty; nothing in it was changed.`, {
    action: 'The demo needs a fresh store: name a folder that is empty, or not there yet.',
  });
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

/** What the demo promises; a broken promise is a failure, not a footnote. */
function requireRight(summary: DemoSummary): void {
  for (const [name, crm] of Object.entries({ HubSpot: summary.hubspot, Salesforce: summary.salesforce })) {
    if (!crm || crm.mismatches + crm.throttled + crm.rulesBroken === 0) continue;
    throw new AppError('demo_wrong', `${name} does not show what it should: ${JSON.stringify(crm)}.`, {
      action: 'Run the demo again with --verbose and report what it says.',
    });
  }
}

/** The workspace over what the demo made, with a worker, until Ctrl-C. */
async function lookAround(
  app: App,
  sandbox: StartedSandbox,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const worker = await app.startWorker();
  await offerFirstSignIn(app);
  await stayUp(sandbox, output, signal);
  await worker.close();
}

async function stayUp(places: StartedSandbox, output: Output, signal: AbortSignal): Promise<void> {
  output.line();
  output.line('The stand-in CRMs stay up for looking around; Ctrl-C ends them.');
  for (const place of [places.hubspot, places.salesforce])
    if (place) output.line(`  ${place.url}/__sandbox/journal`);
  if (!signal.aborted) await once(signal, 'abort');
}
