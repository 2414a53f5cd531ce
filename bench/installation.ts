import { setTimeout as sleep } from 'node:timers/promises';
import { queueSlice } from '../jobs/advance.ts';
import type { FaultPlan } from '../sandbox/faults.ts';
import type { HubspotAdmin } from '../sandbox/hubspot/admin.ts';
import type { JournalTotals } from '../sandbox/journal.ts';
import { remoteSandbox } from '../sandbox/remote.ts';
import type { SalesforceAdmin } from '../sandbox/salesforce/admin.ts';
import { type App, openApp } from '../src/app.ts';
import { type StartedSandbox, startSandboxProcess } from '../src/cli/sandbox.ts';
import type { Config } from '../src/config.ts';
import { createLog } from '../src/log.ts';
import type { RunOptions } from '../src/model/run-options.ts';
import { connectAccount } from '../src/pipeline/connection/connect.ts';
import { applySegmentations } from '../src/pipeline/publish/publish.ts';
import { type Segmentation, Segmentation as SegmentationSchema } from '../src/segmentation/definition.ts';
import { getRun, type Run, requestRun } from '../src/store/runs.ts';
import { createTenant, type Tenant } from '../src/store/tenant.ts';
import { contactFiles, layRecords } from './lay-records.ts';

export type System = 'hubspot' | 'salesforce';

export type Installation = {
  app: App;
  tenant: Tenant;
  url: string;
  accessToken: string;
  /** Records that are in the store without having been read. */
  laid: number;
  journal(): Promise<JournalTotals>;
  resetJournal(): Promise<void>;
  setFaults(plan: FaultPlan): Promise<void>;
  publish(...segmentations: Segmentation[]): Promise<void>;
  /** Sends what happens in the CRM to that address from now on; HubSpot only. */
  subscribe(targetUrl: string): Promise<void>;
  /** The value of a contact's property or field as the CRM has it now. */
  valueOf(contact: string, property: string): Promise<string | null>;
  /** The CRM's ids of that many contacts. */
  contactIds(count: number): Promise<string[]>;
  setCountry(contact: string, country: string): Promise<void>;
  /** Gives that many contacts another country, and so another label. */
  changeContacts(count: number): Promise<void>;
  run(options?: RunOptions): Promise<Run>;
  close(): Promise<void>;
};

/** By country, so that every contact has a label and a change of country changes it. */
export const COUNTRIES: Segmentation = SegmentationSchema.parse({
  key: 'bench',
  name: 'Bench',
  subject: 'person',
  method: 'rules',
  segments: [
    { key: 'moved', name: 'Moved', when: { attribute: 'country', is: 'XB' } },
    { key: 'rest', name: 'The rest', when: { not: { attribute: 'country', is: 'XB' } } },
    { key: 'unknown', name: 'Unknown', when: { attribute: 'country', unknown: true } },
  ],
});

/** The whole program on a store, connected to one stand-in CRM in a process of its own, everything released. */
export async function install(options: {
  config: Config;
  system: System;
  contacts: number;
  segmentations?: Segmentation[];
  /** The org tells of changes; HubSpot does when it is subscribed to. */
  tells?: boolean;
  limits?: 'real' | 'none';
  /** Nothing is read: the store is as after a first pull of all records (lay-records.ts). */
  laid?: boolean;
}): Promise<Installation> {
  const { system, contacts, segmentations = [COUNTRIES], limits = 'none' } = options;
  const sandbox = await startCrm(options.laid ?? false, { contacts, only: system, limits });
  const place = placeOf(sandbox, system);
  const log = createLog({ level: 'error' });
  const app = await openApp(
    { ...options.config, [system]: { ...options.config[system], app: place.app } },
    log,
  );
  const { pool, keys } = app.store;
  const tenant = await createTenant(pool, {
    id: 'bench',
    name: 'Bench',
    // Nothing waits for a person, and no brake is tried.
    policy: { release: 'auto', pilot: 'off', brakes: { labelShare: 1, recordShare: 1, editShare: 1 } },
  });
  await connectAccount(
    { pool, tenant, keys, log },
    { system, app: place.app, config: place.config, secret: place.secret },
  );
  await applySegmentations(pool, tenant, segmentations, { by: 'bench' });
  const laid = options.laid ? await layRecords(pool, tenant, contacts) : 0;
  // Before anybody listens: an org that tells of nothing is asked again only much later.
  if (options.tells) await place.live.tell();
  const worker = await app.startWorker();
  return {
    app,
    tenant,
    url: place.url,
    accessToken: place.secret.accessToken,
    laid,
    journal: place.journal,
    resetJournal: place.resetJournal,
    setFaults: place.setFaults,
    publish: async (...more) => {
      await applySegmentations(pool, tenant, more, { by: 'bench' });
    },
    changeContacts: place.changeContacts,
    ...place.live,
    run: async (runOptions) => {
      const { run } = await requestRun(pool, tenant, {
        asOf: new Date(),
        requestedBy: 'bench',
        ...(runOptions && { options: runOptions }),
      });
      await queueSlice(app.backend.queue, tenant.id, run);
      return toEnd(app, tenant, run.id);
    },
    close: async () => {
      await worker.close();
      await app.close();
      await sandbox.stop();
    },
  };
}

async function startCrm(isLaid: boolean, flags: { contacts: number; only: System; limits: 'real' | 'none' }) {
  if (!isLaid) return startSandboxProcess(flags);
  const files = await contactFiles(flags.contacts);
  try {
    return await startSandboxProcess({
      only: flags.only,
      limits: flags.limits,
      'contacts-csv': files.contactsCsv,
      'deals-csv': files.dealsCsv,
    });
  } finally {
    await files.remove();
  }
}

async function toEnd(app: App, tenant: Tenant, runId: string): Promise<Run> {
  for (;;) {
    const run = await getRun(app.store.pool, tenant, runId);
    if (run.state === 'done') return run;
    if (run.endedAt) throw new Error(`the run ended as ${run.state}: ${run.reason?.message ?? 'no reason'}`);
    await sleep(50);
  }
}

function placeOf(sandbox: StartedSandbox, system: System) {
  if (system === 'hubspot') {
    const place = sandbox.hubspot;
    if (!place) throw new Error('no HubSpot in the sandbox');
    const { admin, journal, resetJournal, setFaults } = remoteSandbox<HubspotAdmin>(place.url);
    return {
      url: place.url,
      app: place.app,
      config: { apiUrl: place.url },
      secret: {
        accessToken: place.install.accessToken,
        refreshToken: place.install.refreshToken,
        expiresAt: new Date(Date.now() + place.install.expiresIn * 1_000).toISOString(),
        apiUrl: place.url,
      },
      journal,
      resetJournal,
      setFaults,
      live: {
        tell: () => Promise.resolve(),
        subscribe: async (targetUrl: string) => {
          const subscriptions = [{ subscriptionType: 'contact.propertyChange' }];
          await admin.subscribe({ targetUrl, subscriptions });
        },
        valueOf: async (contact: string, property: string) =>
          (await admin.record('contact', contact))?.properties[property] ?? null,
        contactIds: async (count: number) =>
          (await admin.records('contact', null, count)).records.map(({ id }) => id),
        setCountry: async (contact: string, country: string) => {
          await admin.setProperties('contact', contact, { country });
        },
      },
      changeContacts: async (count: number) => {
        const { records } = await admin.records('contact', null, count);
        for (const { id } of records) await admin.setProperties('contact', id, { country: 'XB' });
      },
    };
  }
  const place = sandbox.salesforce;
  if (!place) throw new Error('no Salesforce in the sandbox');
  const { admin, journal, resetJournal, setFaults } = remoteSandbox<SalesforceAdmin>(place.url);
  return {
    url: place.url,
    app: place.app,
    config: { loginUrl: place.url },
    secret: {
      accessToken: place.install.accessToken,
      refreshToken: place.install.refreshToken,
      expiresAt: null,
      apiUrl: place.install.instanceUrl,
    },
    journal,
    resetJournal,
    setFaults,
    live: {
      tell: () => admin.selectChanges(['Contact', 'Account', 'Lead', 'Opportunity']),
      subscribe: () => Promise.reject(new Error('an org is listened to')),
      valueOf: async (contact: string, property: string) => {
        const value = (await admin.record(contact))?.[property];
        return typeof value === 'string' ? value : null;
      },
      contactIds: async (count: number) =>
        (await admin.allRecords('Contact')).slice(0, count).map(({ Id }) => Id),
      setCountry: async (contact: string, country: string) => {
        await admin.update(contact, { MailingCountry: country });
      },
    },
    changeContacts: async (count: number) => {
      const rows = (await admin.allRecords('Contact')).slice(0, count);
      for (const { Id } of rows) await admin.update(Id, { MailingCountry: 'XB' });
    },
  };
}
